/**
 * A set-up with the legacy container as one with iommufd, and back: each of its calls as those that do the same on the other
 * side. A call that has no counterpart, or an order that would mean something else there, is the reason why not.
 */
import {
  blockOfLines,
  contentsOfKind,
  type Expr,
  type Profile,
  profilesNamed,
  type Syscall,
  symbolsOf,
  VOCABULARY,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

export type SetUpRewrite =
  /** The lines that others take the place of; none where a line has no counterpart because nothing is to be done. */
  | { readonly title: string; readonly lines: ReadonlyMap<number, readonly string[]> }
  | { readonly title: string; readonly refused: string };

/** Offered at each call of a set-up. */
export function setUpRewrites(snapshot: Snapshot, line: number): readonly SetUpRewrite[] {
  return [toIommufd, toContainer].flatMap((rewrite) => {
    const calls = callsOf(snapshot);
    try {
      return rewrite(snapshot, calls, line);
    } catch (error) {
      if (error instanceof Refused) return [{ title: error.title, refused: error.message }];
      throw error;
    }
  });
}

class Refused extends Error {
  readonly title: string;

  constructor(title: string, reason: string) {
    super(reason);
    this.title = title;
  }
}

interface Call extends Pick<Syscall, 'bind' | 'args' | 'result'> {
  readonly line: number;
  /** `ioctl` with this request; else the call itself: `open`. */
  readonly name: string;
  readonly text: string;
  readonly indent: string;
}

interface Device {
  readonly index: number;
  readonly bdf: string;
  readonly group: string | undefined;
}

function callsOf({ scenario }: Snapshot): readonly Call[] {
  return contentsOfKind(scenario, 'syscall').map(({ line, content }) => {
    const { text } = scenario.lines[line]!;
    const { bind, call, args, result } = content;
    const name = call.text === 'ioctl' ? nameIn(args[1]) : call.text;
    const indent = /^\s*/.exec(text)?.[0] ?? '';
    return { line, name, args, text, indent, ...(bind && { bind }), ...(result && { result }) };
  });
}

function devicesOf({ scenario }: Snapshot): readonly Device[] {
  return contentsOfKind(scenario, 'device').map(({ content: { bdf, options } }, index) => ({
    index,
    bdf: bdf.text,
    group: options.find(({ key }) => key.text === 'group')?.value.text,
  }));
}

function toIommufd(snapshot: Snapshot, calls: readonly Call[], line: number): SetUpRewrite[] {
  const title = 'Set up with iommufd';
  const containers = calls.filter((call) => opens(call, /^\/dev\/vfio\/vfio$/));
  const groups = calls.filter((call) => opens(call, /^\/dev\/vfio\/\d+$/));
  const [container] = containers;
  const files = [...containers, ...groups].flatMap(({ bind }) => bind?.text ?? []);
  const mine = calls.filter((call) => [...containers, ...groups].includes(call) || mentions(call, files));
  if (container === undefined || !mine.some((call) => call.line === line)) return [];
  const refuse: Refuse = refuser(title);
  if (containers.length > 1) refuse(containers[1]!, 'opens a second container: each would need an IOAS of its own');
  plain(snapshot, mine, files, refuse);
  const old = kernelsOf(snapshot).find(({ changes }) => !changes.has('vfio-cdev'));
  if (old !== undefined)
    throw new Refused(title, `Device files are in v6.6 and later, and the scenario is about ${old.name} too.`);
  const driver = mine.find(({ name }) => name === 'VFIO_SET_IOMMU');
  if (driver === undefined) throw new Refused(title, 'No line sets the IOMMU of the container (VFIO_SET_IOMMU).');
  if (!/^VFIO_TYPE1(?:v2)?_IOMMU$/.test(nameIn(driver.args[2]))) refuse(driver, 'sets a driver other than type 1');

  const iommufd = renamed(snapshot, container.bind?.text ?? '', 'container', 'iommufd');
  const ioas = free(snapshot, 'ioas');
  const devices = devicesOf(snapshot);
  const attached = attachments(title, mine, groups, driver);
  const lines = new Map<number, string[]>();
  for (const call of mine) {
    const done = resultOf(call);
    const put = putter(lines, call);
    const joined = [...attached].filter(([, { at }]) => at === call.line);
    const attaching = joined.flatMap(([, { opened }]) =>
      opened.flatMap((one) => {
        const device = devices.find(({ bdf }) => bdf === stringIn(one.args[2]));
        if (device === undefined) return refuse(one, 'opens a device that the machine does not have');
        const name = one.bind?.text ?? refuse(one, 'binds no name');
        return [
          `${name} = open("/dev/vfio/devices/vfio${device.index}", O_RDWR)`,
          `ioctl(${name}, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=${iommufd}}) = 0`,
          `ioctl(${name}, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=${ioas}}) = 0`,
        ];
      }),
    );
    if (call === container)
      put(
        `${iommufd} = open("/dev/iommu", ${flagsOf(call)})`,
        `ioctl(${iommufd}, IOMMU_IOAS_ALLOC, {out_ioas_id=>${ioas}}) = 0`,
      );
    else if (groups.includes(call) || call.name === 'VFIO_GROUP_GET_DEVICE_FD') put();
    else if (call.name === 'VFIO_GROUP_SET_CONTAINER' || call.name === 'VFIO_SET_IOMMU') put(...attaching);
    else if (call.name === 'VFIO_IOMMU_MAP_DMA') {
      const flags = translated(call, MAP_FLAGS, 'IOMMU_IOAS_MAP_FIXED_IOVA', refuse);
      const { vaddr, iova, size } = fieldsOf(call);
      put(
        `ioctl(${iommufd}, IOMMU_IOAS_MAP, {${flags}ioas_id=${ioas}, user_va=${vaddr}, length=${size}, iova=${iova}})${done}`,
      );
    } else if (call.name === 'VFIO_IOMMU_UNMAP_DMA') {
      const { iova, size, flags = '0' } = fieldsOf(call);
      if (flags !== '0') refuse(call, 'unmaps with flags that iommufd does not have');
      put(`ioctl(${iommufd}, IOMMU_IOAS_UNMAP, {ioas_id=${ioas}, iova=${iova}, length=${size}})${done}`);
    } else if (call.name === 'KVM_SET_DEVICE_ATTR') {
      const group = attached.get(registered(call));
      const kind = REGISTRATION.exec(call.text)?.[1] ?? refuse(call, 'does not register or remove a group');
      if (group === undefined || group.at > call.line)
        refuse(call, 'registers a group that is not in the container yet');
      put(
        ...group.opened.map(
          ({ bind }) =>
            `ioctl(${nameIn(call.args[0])}, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_${kind}, addr=[${bind?.text}]})${done}`,
        ),
      );
    } else if (call.name === 'close' && nameIn(call.args[0]) === container.bind?.text) put(`close(${iommufd})${done}`);
    else refuse(call, `calls ${call.name}, which has no counterpart`);
  }
  return [{ title, lines }];
}

/** By the name of a group: where it is attached, and the descriptors of its devices. */
function attachments(
  title: string,
  mine: readonly Call[],
  groups: readonly Call[],
  driver: Call,
): ReadonlyMap<string, { readonly at: number; readonly opened: readonly Call[] }> {
  const attached = new Map<string, { readonly at: number; readonly opened: readonly Call[] }>();
  for (const { bind } of groups) {
    const group = bind?.text ?? '';
    const joins = mine.find((call) => call.name === 'VFIO_GROUP_SET_CONTAINER' && nameIn(call.args[0]) === group);
    const opened = mine.filter((call) => call.name === 'VFIO_GROUP_GET_DEVICE_FD' && nameIn(call.args[0]) === group);
    if (opened.length === 0)
      throw new Refused(title, `Nothing opens a device of \`${group}\` (VFIO_GROUP_GET_DEVICE_FD).`);
    if (joins === undefined) throw new Refused(title, `\`${group}\` is put into no container.`);
    attached.set(group, { at: Math.max(joins.line, driver.line), opened });
  }
  return attached;
}

function toContainer(snapshot: Snapshot, calls: readonly Call[], line: number): SetUpRewrite[] {
  const title = 'Set up with a VFIO container';
  const iommufds = calls.filter((call) => opens(call, /^\/dev\/iommu$/));
  const cdevs = calls.filter((call) => opens(call, /^\/dev\/vfio\/devices\/vfio\d+$/));
  const [iommufd] = iommufds;
  const files = [...iommufds, ...cdevs].flatMap(({ bind }) => bind?.text ?? []);
  const mine = calls.filter((call) => [...iommufds, ...cdevs].includes(call) || mentions(call, files));
  if (iommufd === undefined || cdevs.length === 0 || !mine.some((call) => call.line === line)) return [];
  const refuse: Refuse = refuser(title);
  if (iommufds.length > 1) refuse(iommufds[1]!, 'opens a second iommufd');
  const [space, otherSpace] = mine.filter(({ name }) => name === 'IOMMU_IOAS_ALLOC');
  if (otherSpace !== undefined) refuse(otherSpace, 'allocates a second IOAS, and a container has one');
  const ioas = space && /out_ioas_id=>(\w+)/.exec(space.text)?.[1];
  plain(snapshot, mine, [...files, ...(ioas === undefined ? [] : [ioas])], refuse);
  const devices = devicesOf(snapshot);
  const container = renamed(snapshot, iommufd.bind?.text ?? '', 'iommufd', 'container');
  const opened = cdevs.map((call) => {
    const name = call.bind?.text ?? refuse(call, 'binds no name');
    const device = devices[Number(/\d+$/.exec(stringIn(call.args[0]))?.[0])];
    const group = device?.group ?? refuse(call, 'opens a device without a group');
    const attach = mine.find((one) => one.name === 'VFIO_DEVICE_ATTACH_IOMMUFD_PT' && nameIn(one.args[0]) === name);
    if (attach === undefined) return refuse(call, 'opens a device that is attached to nothing');
    return { call, name, group, bdf: device?.bdf ?? '', attach };
  });
  const twice = opened.find(({ group }, index) => opened.findIndex((one) => one.group === group) !== index);
  if (twice !== undefined)
    refuse(twice.call, `opens a second device of group ${twice.group}, which is registered once`);
  const names = new Map(
    opened.map(({ group }) => [group, free(snapshot, opened.length === 1 ? 'group' : `group${group}`)]),
  );
  const first = opened.reduce((best, one) => (one.attach.line < best.attach.line ? one : best));
  const lines = new Map<number, string[]>();
  for (const call of mine) {
    const done = resultOf(call);
    const put = putter(lines, call);
    const device = opened.find((one) => one.call === call || one.attach === call);
    const group = device && names.get(device.group);
    if (call === iommufd) put(`${container} = open("/dev/vfio/vfio", ${flagsOf(call)})`);
    else if (call === device?.call) put(`${group} = open("/dev/vfio/${device.group}", ${flagsOf(call)})`);
    else if (call === space || call.name === 'VFIO_DEVICE_BIND_IOMMUFD') put();
    else if (call === device?.attach)
      put(
        `ioctl(${group}, VFIO_GROUP_SET_CONTAINER, [${container}]) = 0`,
        ...(device === first ? [`ioctl(${container}, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0`] : []),
        `${device.name} = ioctl(${group}, VFIO_GROUP_GET_DEVICE_FD, "${device.bdf}")`,
      );
    else if (call.name === 'IOMMU_IOAS_MAP') {
      if (call.line < first.attach.line)
        refuse(call, 'maps before a device is attached: a container has no driver then');
      const { user_va, iova, length, flags } = fieldsOf(call);
      if (iova === undefined || (flags !== undefined && !flags.includes('IOMMU_IOAS_MAP_FIXED_IOVA')))
        refuse(call, 'lets the kernel choose the address, which a container cannot do');
      const mapped = translated(call, IOAS_FLAGS, '', refuse);
      put(`ioctl(${container}, VFIO_IOMMU_MAP_DMA, {${mapped}vaddr=${user_va}, iova=${iova}, size=${length}})${done}`);
    } else if (call.name === 'IOMMU_IOAS_UNMAP') {
      const { iova, length } = fieldsOf(call);
      put(`ioctl(${container}, VFIO_IOMMU_UNMAP_DMA, {iova=${iova}, size=${length}})${done}`);
    } else if (call.name === 'KVM_SET_DEVICE_ATTR') {
      const of = opened.find(({ name }) => name === registered(call));
      const kind = REGISTRATION.exec(call.text)?.[1] ?? refuse(call, 'does not register or remove a device');
      if (of === undefined || of.attach.line > call.line) refuse(call, 'registers a device that is not attached yet');
      const addr = names.get(of.group);
      put(
        `ioctl(${nameIn(call.args[0])}, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_${kind}, addr=[${addr}]})${done}`,
      );
    } else if (call.name === 'close' && nameIn(call.args[0]) === iommufd.bind?.text) put(`close(${container})${done}`);
    else if (opened.some(({ name }) => name === nameIn(call.args[0])) && !IOMMUFD_ONLY.test(call.name)) continue;
    else refuse(call, `calls ${call.name}, which has no counterpart`);
  }
  return [{ title, lines }];
}

function putter(lines: Map<number, string[]>, { line, indent }: Call): (...texts: readonly string[]) => void {
  return (...texts) =>
    void lines.set(
      line,
      texts.map((text) => indent + text),
    );
}

const REGISTRATION = /\bKVM_DEV_VFIO_(?:GROUP|FILE)_(ADD|DEL)\b/;
const IOMMUFD_ONLY = /_(?:ATTACH|DETACH)_IOMMUFD_PT$|_BIND_IOMMUFD$/;
const MAP_FLAGS: Readonly<Record<string, string>> = {
  VFIO_DMA_MAP_FLAG_READ: 'IOMMU_IOAS_MAP_READABLE',
  VFIO_DMA_MAP_FLAG_WRITE: 'IOMMU_IOAS_MAP_WRITEABLE',
};
const IOAS_FLAGS: Readonly<Record<string, string>> = {
  IOMMU_IOAS_MAP_FIXED_IOVA: '',
  IOMMU_IOAS_MAP_READABLE: 'VFIO_DMA_MAP_FLAG_READ',
  IOMMU_IOAS_MAP_WRITEABLE: 'VFIO_DMA_MAP_FLAG_WRITE',
};

type Refuse = (call: Pick<Call, 'line'>, why: string) => never;

function refuser(title: string): Refuse {
  return ({ line }, why) => {
    throw new Refused(title, `Line ${line + 1} ${why}.`);
  };
}

/** Everything is in blocks that run, succeeds, and is named nowhere else. */
function plain({ scenario }: Snapshot, mine: readonly Call[], names: readonly string[], refuse: Refuse): void {
  const blocks = blockOfLines(scenario);
  for (const call of mine) {
    if (call.result?.errno !== undefined) refuse(call, 'declares that its call fails');
    if (blocks[call.line]?.kind === 'proc') refuse(call, 'is in a procedure');
  }
  const known = new Set(mine.map(({ line }) => line));
  for (const symbol of symbolsOf(scenario, VOCABULARY).all.values()) {
    if (symbol.space !== 'name' || !names.includes(symbol.name)) continue;
    const other = symbol.references.find(({ line }) => !known.has(line));
    if (other !== undefined && scenario.lines[other.line]?.content.kind !== 'syscall')
      refuse(other, `uses \`${symbol.name}\` in another way`);
  }
}

function kernelsOf({ scenario, profile }: Snapshot): readonly Profile[] {
  return [profile, ...profilesNamed(scenario)];
}

/** The descriptor under its usual name, where the author used the usual one of the other side. */
function renamed(snapshot: Snapshot, name: string, usual: string, instead: string): string {
  return name === usual ? free(snapshot, instead) : name;
}

function free({ scenario }: Snapshot, name: string): string {
  const text = scenario.lines.map((line) => line.text).join('\n');
  let one = name;
  for (let number = 2; new RegExp(`\\b${one}\\b`).test(text.replace(/"[^"]*"|\b\w+=/g, '')); number++)
    one = `${name}${number}`;
  return one;
}

function opens({ name, args }: Call, path: RegExp): boolean {
  return name === 'open' && path.test(stringIn(args[0]));
}

function mentions({ args, text }: Call, names: readonly string[]): boolean {
  return args.length > 0 && names.some((name) => new RegExp(`[(\\[=]\\s*${name}\\b`).test(text));
}

/** What a registration is about: the name in `addr=[…]`. */
function registered({ text }: Call): string {
  return /addr=\[\s*(\w+)\s*\]/.exec(text)?.[1] ?? '';
}

function flagsOf({ args, text }: Call): string {
  const flags = args[1];
  return flags === undefined ? 'O_RDWR' : text.slice(flags.span.start, flags.span.end);
}

function resultOf({ result }: Call): string {
  return result === undefined ? '' : ' = 0';
}

function nameIn(expr: Expr | undefined): string {
  return expr?.kind === 'name' ? expr.name : '';
}

function stringIn(expr: Expr | undefined): string {
  return expr?.kind === 'string' ? expr.value : '';
}

/** The inputs of the call's structure, as they are written. */
function fieldsOf({ args, text }: Call): Readonly<Record<string, string>> {
  const struct = args[2];
  if (struct?.kind !== 'struct') return {};
  return Object.fromEntries(
    struct.fields.flatMap(({ name, value }) =>
      value.kind === 'in' ? [[name.text, text.slice(value.expr.span.start, value.expr.span.end)]] : [],
    ),
  );
}

/** `flags=…, ` with each flag as the other side calls it; empty where the call leaves them out. */
function translated(call: Call, flags: Readonly<Record<string, string>>, always: string, refuse: Refuse): string {
  const written = fieldsOf(call).flags;
  if (written === undefined) return '';
  const others = written.split('|').map((flag) => flags[flag.trim()] ?? refuse(call, `maps with \`${flag.trim()}\``));
  return `flags=${[always, ...others].filter(Boolean).join('|')}, `;
}
