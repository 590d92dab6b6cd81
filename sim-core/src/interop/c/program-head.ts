/** The part of a program before its runtime. */
import type { Model } from '../../engine/model.ts';
import { ERRNOS } from '../../kernel/errno.ts';
import { constantByName } from '../../ops/constants.ts';
import type { DeviceModel, Topology } from '../../topology.ts';
import type { Used } from './call-code.ts';
import { NEWER_REQUESTS, NEWER_STRUCTS, POWER_STRUCTS } from './layouts.ts';
import { openedNodes } from './paths.ts';
import type { CProgramOptions, LeftOutStatement } from './program.ts';
import { RUNTIME_HEAD } from './runtime.ts';
import { cComment, cName, cString, oneLine } from './text.ts';

/** What the statements of a program need. */
export interface Needs {
  readonly used: Used;
  /** Addresses of pages that a call of the scenario gives to the VM. */
  readonly registered: ReadonlySet<bigint>;
  /** It runs guest code. */
  readonly guests: boolean;
}

/** Everything before the runtime: the first lines for people, definitions that headers may lack, and tables. */
export function programHead(
  model: Model,
  needs: Needs,
  { file, title }: CProgramOptions,
  leftOut: readonly LeftOutStatement[],
  form: 'tests' | 'litmus',
): string[] {
  const names = [...model.names.keys()];
  const { devices, groups, pages, actors, processes } = model.world.topology;
  const named = devices.map(({ name }) => `${name}=0000:00:00.0`).join(' ');
  return [
    '/*',
    ` * ${cComment(title)}`,
    ` * Made by snoopscope export c${form === 'litmus' ? ' --litmus' : ''} of ${cComment(file)}, for ${cComment(model.world.kernel.profile.name)}.`,
    ' *',
    ` * It opens ${nodesOf(model, needs).join(', ')}, and no other device.`,
    ...(devices.length > 0
      ? [' * Of PCI devices it uses those alone that its command line names.']
      : [' * It uses no PCI device.']),
    ' *',
    ` * cc -O2 -pthread -o program THIS.c && ./program${form === 'litmus' ? ' [-n ROUNDS]' : ''} ${named}`.trimEnd(),
    ...(leftOut.length > 0 ? [' *', ' * Left out, as no program can do it:'] : []),
    ...leftOut.map(
      ({ line, actor, text, why }) =>
        ` *   ${line < 0 ? '' : `line ${line + 1}, `}${cComment(`${actor}: ${text} (${why})`)}`,
    ),
    ' */',
    RUNTIME_HEAD,
    ...newer(needs.used),
    `#define SCENARIO ${cString(oneLine(title))}`,
    `#define MADE_FOR ${cString(model.world.kernel.profile.name)}`,
    `#define NAMES ${names.length}`,
    `#define ACTORS ${actors.length}`,
    `#define PROCESSES ${processes.length}`,
    `#define DEVICES ${devices.length}`,
    `#define PAGES ${pages.length}`,
    `#define VCPU_BLOCKS ${needs.guests ? 1 : 0}`,
    ...names.map((name, index) => `#define ${cName('N', name)} (S->name[${index}])`),
    '',
    'static struct device devices[DEVICES + 1] = {',
    ...devices.map(
      (device) =>
        `\t{ .name = ${cString(device.name)}, .bdf = ${cString(device.bdf)}, .group = ${groups[device.group]?.number ?? -1}, .vfio_pci = ${device.driver === 'vfio-pci' ? 1 : 0}, .noiommu = ${isNoiommu(model.world.topology, device) ? 1 : 0} },`,
    ),
    '};',
    '',
    'static const struct page pages[PAGES + 1] = {',
    ...pages.map(({ address }) => `\t{ 0x${address.toString(16)}ul, ${needs.registered.has(address) ? 1 : 0} },`),
    '};',
    '',
    'static void fill_memory(void)',
    '{',
    ...model.world.topology.words
      .filter(({ initial }) => initial !== 0)
      .map(({ address, initial }) => `\t*(volatile int *)0x${address.toString(16)}ul = ${initial};`),
    '}',
  ];
}

function nodesOf({ world }: Model, { used, guests }: Needs): string[] {
  const nodes = openedNodes([...used.paths, ...(guests ? ['/dev/kvm'] : [])], world.topology);
  return nodes.length > 0 ? nodes : ['nothing'];
}

/** In a group without an IOMMU, whose node has another name. */
function isNoiommu({ devices, groups }: Topology, { group }: DeviceModel): boolean {
  return (
    group >= 0 && (groups[group]?.devices ?? []).every((d) => devices[d]?.iommu === -1 && devices[d]?.driver !== 'mdev')
  );
}

/** Definitions for headers that are older than what the scenario uses. */
function newer({ constants, requests, structs }: Used): string[] {
  const guarded = (name: string, value: string): string[] => [`#ifndef ${name}`, `#define ${name} ${value}`, '#endif'];
  const needed = new Set(structs);
  if (requests.has('KVM_SET_USER_MEMORY_REGION2')) needed.add('kvm_userspace_memory_region2');
  return [
    ...[...needed].flatMap((name) => {
      const members = Object.hasOwn(NEWER_STRUCTS, name) ? NEWER_STRUCTS[name] : undefined;
      if (members) return struct(`snoop_${name}`, members);
      const power = Object.hasOwn(POWER_STRUCTS, name) ? POWER_STRUCTS[name] : undefined;
      return power ? ['#ifndef __powerpc__', ...struct(name, power), '#endif'] : [];
    }),
    ...[...requests].flatMap((name) => {
      const value = Object.hasOwn(NEWER_REQUESTS, name) ? NEWER_REQUESTS[name] : undefined;
      return value === undefined ? [] : guarded(name, value);
    }),
    ...[...constants].flatMap((name) => {
      const value = constantByName.get(name)?.value;
      return value === undefined ? [] : guarded(name, value < 0n ? String(value) : `0x${value.toString(16)}ull`);
    }),
    '',
  ];
}

function struct(name: string, members: readonly string[]): string[] {
  return [`struct ${name} {`, ...members.map((member) => `\t${member};`), '};'];
}

/** A function of C that names errnos. */
export function errnoNames(): string[] {
  return [
    'static const char *errno_name(int number)',
    '{',
    '\tswitch (number) {',
    ...ERRNOS.map(({ name, value }) => `\tcase ${value}: return "${name}";`),
    '\tdefault: return strerror(number);',
    '\t}',
    '}',
  ];
}
