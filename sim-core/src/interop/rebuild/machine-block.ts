/** The machine block of a rebuilt scenario: what is known of the machine, and what has to be assumed. */

import { counted } from '../../counted.ts';
import { PLACEHOLDER } from './group-calls.ts';
import { groupDevices, type MachineFacts, type UnitFacts } from './machine-facts.ts';
import type { Rebuilt } from './rebuild.ts';
import type { Assumptions } from './step.ts';

/** What a user, or another log, says about the machine. */
export interface MachineChoices {
  readonly snoopControl: boolean | undefined;
  readonly vendor: 'intel' | 'amd' | undefined;
  readonly selfSnoop: boolean | undefined;
  /** Whether units of which nothing says it can enforce snooping. Default: they can. */
  readonly unknownSnoopControl?: boolean;
}

interface Line {
  readonly name: string;
  readonly bdf: string;
  readonly options: readonly string[];
  readonly note: string;
}

/** Lines of the block, without braces. */
export function machineLines(rebuilt: Rebuilt, choices: MachineChoices): string[] {
  const { facts, assumptions } = rebuilt;
  const vendor = vendorOf(rebuilt, choices);
  const cpus = Math.min(16, Math.max(1, facts.cpus ?? 1, rebuilt.evidence?.cpus ?? 1));
  if (vendor === undefined) assumptions.add('The CPUs are from Intel: no file says who made them.', 0, 'coherency');
  const cpu = cpuLine(vendor, cpus, choices.selfSnoop ?? facts.selfSnoop);
  const devices = deviceLines(rebuilt);
  if (devices.length === 0) return [cpu];
  return [cpu, ...unitLines(rebuilt, choices, devices), ...devices.map(deviceText)];
}

/** Who made the CPUs: what is asked for, what the files say, or what exits and functions of the kernel tell. */
function vendorOf({ facts, evidence }: Rebuilt, choices: MachineChoices): 'intel' | 'amd' | undefined {
  const functions = [...(evidence?.functions.keys() ?? [])];
  const shown = functions.some((name) => name.startsWith('svm_'))
    ? 'amd'
    : functions.some((name) => name.startsWith('vmx_'))
      ? 'intel'
      : undefined;
  return choices.vendor ?? facts.vendor ?? evidence?.vendor ?? shown;
}

function deviceText({ name, bdf, options, note }: Line): string {
  return `device ${name} ${bdf} ${options.join(' ')}${note === '' ? '' : `  // ${note}`}`;
}

function unitLines(rebuilt: Rebuilt, choices: MachineChoices, devices: readonly Line[]): string[] {
  return usedUnits(rebuilt, devices, choices).map((unit) => {
    const { name, driver } = unit;
    if (driver !== 'vt-d') return `iommu ${name} ${driver}`;
    const snoop = snoopControlOf(unit, rebuilt, choices);
    if (snoop === undefined)
      rebuilt.assumptions.add(
        `Unit ${name} can enforce snooping (snoop control): no file says it. \`--assume snoop-control=off\` says that it cannot.`,
        0,
        'coherency',
      );
    return `iommu ${name} ${driver} snoop-control=${onOff(snoop ?? choices.unknownSnoopControl ?? true)}`;
  });
}

/** Units of the block of which nothing says whether they can enforce snooping. */
export function unknownSnoopControl(rebuilt: Rebuilt, choices: MachineChoices): UnitFacts[] {
  return usedUnits(rebuilt, deviceLines(rebuilt), choices).filter(
    (unit) => unit.driver === 'vt-d' && snoopControlOf(unit, rebuilt, choices) === undefined,
  );
}

function usedUnits(rebuilt: Rebuilt, devices: readonly Line[], choices: MachineChoices): UnitFacts[] {
  const { facts, deeds, knowsFlushes } = rebuilt;
  const names = new Set(
    devices.flatMap(({ options }) =>
      options.flatMap((option) => (option.startsWith('iommu=') ? [option.slice(6)] : [])),
    ),
  );
  return [...names].map(
    (name) =>
      facts.units.find((one) => one.name === name) ?? {
        name,
        // AMD-Vi always enforces snooping: where a device was registered, as in emulated machines, it is another unit.
        driver:
          facts.units.length === 0 && vendorOf(rebuilt, choices) === 'amd' && seen(deeds, knowsFlushes) !== false
            ? 'amd-vi'
            : 'vt-d',
      },
  );
}

function snoopControlOf(
  unit: UnitFacts,
  { deeds, knowsFlushes }: Rebuilt,
  choices: MachineChoices,
): boolean | undefined {
  return choices.snoopControl ?? unit.snoopControl ?? seen(deeds, knowsFlushes);
}

/** Does a log of the kernel show whether devices were registered? */
function seen(deeds: Rebuilt['deeds'], knowsFlushes: boolean): boolean | undefined {
  if (deeds?.some(({ kind }) => kind === 'register')) return false;
  if (deeds?.some((deed) => deed.kind === 'wbinvd' && deed.flushed.length > 0)) return false;
  return deeds?.some((deed) => deed.kind === 'function' && deed.what === 'add') && knowsFlushes ? true : undefined;
}

function deviceLines(rebuilt: Rebuilt): Line[] {
  const { translation } = rebuilt;
  const facts = boundAsLogged(rebuilt);
  const lines = new Map<string, Line>();
  const add = (bdf: string, group: string | undefined, missing: boolean): void => {
    if (lines.has(bdf)) return;
    const known = facts.devices.find((device) => device.bdf === bdf);
    const driver = missing ? (known?.driver ?? 'none') : known?.driver;
    const neighbour = group === undefined ? undefined : groupDevices(facts, group).find((device) => device.unit);
    const unit = known?.unit ?? neighbour?.unit ?? facts.units[0]?.name ?? 'dmar0';
    const untranslated = group?.startsWith('noiommu');
    lines.set(bdf, {
      name: `dev_${bdf.replace(/^0000:/, '').replace(/[:.]/g, '_')}`,
      bdf,
      options: [
        ...(untranslated ? [] : [`iommu=${unit}`]),
        ...(group === undefined ? [] : [`group=${group.replace(/\D/g, '')}`]),
        ...(known?.noSnoop ? ['no-snoop=on'] : []),
        ...(driver === undefined || driver === 'vfio-pci' ? [] : [`driver=${driver}`]),
      ],
      note: known?.title ?? '',
    });
  };
  for (const [node, use] of translation.cdevs) {
    const index = Number(node.replace(/\D/g, ''));
    const spare = Math.min(index, MOST_SPARE) - lines.size;
    for (let other = lines.size; other < Math.min(index, MOST_SPARE); other++)
      add(`00ff:00:00.${other}`, undefined, false);
    if (spare > 0)
      rebuilt.assumptions.add(
        `VFIO has ${counted(spare, 'other device')}, which ${spare === 1 ? 'is' : 'are'} 00ff:00:00.*: the VMM opened /dev/vfio/devices/${node}.`,
      );
    const bdf = [...use.devices][0] ?? PLACEHOLDER;
    if (use.devices.size === 0)
      rebuilt.assumptions.add(`The device of /dev/vfio/devices/${node} is ${bdf}: no file says which it is.`);
    add(bdf, facts.devices.find((device) => device.bdf === bdf)?.group ?? '1', use.missing);
  }
  let next = 1;
  for (const [group, use] of translation.groups) {
    const members = groupDevices(facts, group).filter(({ bridge }) => !bridge);
    const asked = [...use.devices];
    const bdfs =
      members.length > 0
        ? [...new Set([...members.map(({ bdf }) => bdf), ...asked])]
        : asked.length > 0
          ? asked
          : [free(lines, next++)];
    for (const bdf of bdfs) add(bdf, group, use.missing);
  }
  return [...lines.values()];
}

/**
 * The facts as they were when the log was written: a group that could be opened had a function bound to VFIO, whatever
 * a listing of another hour shows.
 */
function boundAsLogged({ facts, translation, assumptions }: Rebuilt): MachineFacts {
  const bound = new Set<string>();
  for (const [group, use] of translation.groups) {
    const members = groupDevices(facts, group).filter(({ bridge }) => !bridge);
    if (
      !use.opened ||
      members.length === 0 ||
      members.some(({ driver }) => driver === undefined || driver === 'vfio-pci')
    )
      continue;
    const asked = members.find(({ bdf }) => use.devices.has(bdf)) ?? members[0];
    if (!asked) continue;
    bound.add(asked.bdf);
    assumptions.add(
      `${asked.bdf} was bound to vfio-pci when the log was written: group ${group} could be opened. The files about the machine show ${asked.driver === 'none' ? 'no driver' : asked.driver}.`,
    );
  }
  return {
    ...facts,
    devices: facts.devices.map((device) => (bound.has(device.bdf) ? { ...device, driver: 'vfio-pci' } : device)),
  };
}

/** A function that no other line has. */
function free(lines: ReadonlyMap<string, Line>, from: number): string {
  for (let bus = from; ; bus++) {
    const bdf = `0000:${bus.toString(16).padStart(2, '0')}:00.0`;
    if (!lines.has(bdf)) return bdf;
  }
}

/** Devices put in front so that a device node has its number. */
const MOST_SPARE = 8;

/** Self-snoop is a feature bit of Intel CPUs: other machines are not told by it. */
function cpuLine(vendor: 'intel' | 'amd' | undefined, count: number, selfSnoop: boolean | undefined): string {
  const option = vendor === 'amd' || selfSnoop === undefined ? '' : ` self-snoop=${onOff(selfSnoop)}`;
  return `cpu ${vendor ?? 'intel'} count=${count}${option}`;
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

/** Facts as a machine block of their own, for `import machine`. */
export function machineBlock(facts: MachineFacts, assumptions: Assumptions): string[] {
  const lines = [cpuLine(facts.vendor, Math.min(16, facts.cpus ?? 1), facts.selfSnoop)];
  if (facts.vendor === undefined) assumptions.add('The CPUs are from Intel: no file says who made them.');
  if (facts.cpus === undefined) assumptions.add('There is one CPU: no file says how many there are.');
  for (const { name, driver, snoopControl } of facts.units) {
    if (driver === 'vt-d' && snoopControl === undefined)
      assumptions.add(`Unit ${name} can enforce snooping: no file shows its capability registers.`);
    lines.push(`iommu ${name} ${driver}${driver === 'vt-d' ? ` snoop-control=${onOff(snoopControl ?? true)}` : ''}`);
  }
  for (const { bdf, group, unit, driver, noSnoop, title, bridge } of facts.devices) {
    if (bridge || group === undefined) continue;
    const translated = unit ?? (facts.units.length === 1 ? facts.units[0]?.name : undefined);
    if (translated === undefined && facts.units.length > 1)
      assumptions.add(`No file says which unit translates for ${bdf}.`);
    const options = [
      ...(translated === undefined ? [] : [`iommu=${translated}`]),
      `group=${group}`,
      ...(noSnoop ? ['no-snoop=on'] : []),
      ...(driver === undefined || driver === 'vfio-pci' ? [] : [`driver=${driver}`]),
    ];
    lines.push(
      `device dev_${bdf.replace(/^0000:/, '').replace(/[:.]/g, '_')} ${bdf} ${options.join(' ')}${title === undefined ? '' : `  // ${title}`}`,
    );
  }
  return lines;
}
