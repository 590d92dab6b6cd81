// Which of the lab's devices play those of a scenario.
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { DEVICES, IOMMUS } from './boot.mjs';

/** `{ iommu, words, threads }`, words being the program's arguments, or `{ why }` the lab cannot play the scenario. */
export function placement(text) {
  const { lines, blocks } = parse(text);
  const contents = lines.map(({ content }) => content);
  const option = ({ options }, name) => options.find(({ key }) => key.text === name)?.value.text;
  const iommus = contents.filter(({ kind }) => kind === 'iommu');
  if (contents.some(({ kind }) => kind === 'mdev')) return { why: 'QEMU has no mediated device' };
  if (iommus.length > 1) return { why: 'it has several IOMMUs' };
  const [unit] = iommus;
  const strange =
    unit &&
    ['first-stage', 'coherent', 'page-table', 'address-width', 'interrupt-remapping'].find(
      (name) => option(unit, name) !== undefined,
    );
  if (strange) return { why: `QEMU's IOMMU has no ${strange}` };
  const iommu = unit ? iommuOf(unit, option) : 'vt-d snoop-control=on';
  if (!(iommu in IOMMUS)) return { why: `QEMU emulates no ${iommu} here` };
  if (text.includes('"/dev/iommu"')) return { why: "Debian's kernels have no iommufd" };
  const devices = contents.filter(({ kind }) => kind === 'device');
  const words = placed(devices, option);
  if (!Array.isArray(words)) return words;
  const actors = blocks.filter(({ kind, actor }) => kind === 'thread' && actor);
  return { iommu, words, threads: actors.length };
}

function iommuOf(unit, option) {
  const driver = unit.driver.text;
  return driver === 'vt-d' ? `vt-d snoop-control=${option(unit, 'snoop-control') ?? 'on'}` : driver;
}

function placed(devices, option) {
  const groups = new Map();
  for (const device of devices) {
    const group = option(device, 'group');
    if (option(device, 'driver') !== undefined) return { why: 'it has a device with another driver' };
    if (option(device, 'rmrr') === 'on') return { why: 'QEMU has no RMRR' };
    if (group === undefined || option(device, 'iommu') === undefined)
      return { why: 'it has a device that no IOMMU translates' };
    groups.set(group, [...(groups.get(group) ?? []), device.name.text]);
  }
  const words = [];
  const alone = [...DEVICES.alone];
  const pairs = [DEVICES.together];
  for (const names of groups.values()) {
    const places = names.length === 1 ? [alone.shift()] : names.length === 2 ? (pairs.shift() ?? []) : [];
    if (places.length < names.length || places.includes(undefined)) return { why: 'the lab has not so many devices' };
    words.push(...names.map((name, i) => `${name}=${places[i]}`));
  }
  return words;
}
