/** The scenarios that the walks over the language change in one place, and what a run of one shows. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  elaborate,
  type ParsedScenario,
  type Profile,
  parse,
  profileNamed,
  profilesNamed,
  Run,
  traceText,
} from '../../sim-core/src/index.ts';
import { ModelLimit } from '../../sim-core/src/limits.ts';
import type { Span } from '../../sim-core/src/scenario/ast.ts';
import { ACCEPTED_WITHOUT_EFFECT, type AcceptedKind } from './accepted.ts';

/** Places that no scenario has. */
const TEMPLATES: Readonly<Record<string, string>> = {
  null: `kernel v6.12
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
  group = openat(AT_FDCWD, "/dev/vfio/1", O_RDWR)
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=NULL})
}
`,
  cdev: `kernel v6.12
machine {
  cpu intel
  iommu unit vt-d
  device card 0000:01:00.0 iommu=unit group=1
}
setup {
  iommufd = open("/dev/iommu", O_RDWR)
  card = open("/dev/vfio/devices/vfio0", O_RDWR)
  ioctl(card, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=0, iommufd=iommufd})
  ioctl(card, VFIO_DEVICE_GET_INFO, {argsz=24})
  ioctl(card, VFIO_DEVICE_DETACH_IOMMUFD_PT, {argsz=8, flags=0})
}
`,
  page: `kernel v6.12
machine {
  cpu intel count=2
  iommu unit vt-d address-width=48
  device card 0000:01:00.0 iommu=unit group=1
  memory x = 0 page=p
  memory y = 0 page=p
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/1", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=0x100000000, size=PAGE})
}
vcpu 0 {
  mov [x], 1
  mov [y], 1
}
host {
  load x
  store y, 3
}
`,
  two: `kernel v6.12
machine {
  cpu intel count=2
  device card 0000:01:00.0 no-snoop=on
  memory x = 0
  memory y = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)
  ioctl(vcpu1, KVM_SET_SREGS2, {cr0=0x40000000})
  ioctl(vcpu1, KVM_GET_REGS, 0x5000)
  ioctl(vcpu1, KVM_SET_REGS, 0x5000)
  open("/dev/null", O_RDWR, 0)
  openat(AT_FDCWD, "/dev/null", O_RDWR, 0)
}
vcpu 0 cpu=0 {
  mov [x], 1
  clflush [x]
  in eax, 0x60
  out 0x60, 1
  movnti [y], 1
}
vcpu 1 cpu=1 {
  mov eax, [x]
}
device card {
  CfgWr DevCtl, 0
}
host {
  drain cpu=0
  migrate vcpu1 cpu=0
  prefetch x cpu=1
  evict x cpu=1
}
schedule vcpu0*2 vcpu1 vcpu0*3 card host*4
`,
};

const root = path.resolve(import.meta.dirname, '../..');

export interface Text {
  readonly name: string;
  readonly text: string;
  readonly parsed: ParsedScenario;
  readonly profile: Profile;
}

/** Each scenario of the gallery and of this folder on the kernel of its header, its oldest and its newest. */
export const texts: readonly Text[] = ['scenarios', 'test/coverage'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.snoop'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(path.join(root, folder, file), 'utf8');
      const parsed = parse(text);
      return kernelsOf(parsed).map((profile) => ({ name: path.posix.join(folder, file), text, parsed, profile }));
    }),
);
export const templates: readonly Text[] = Object.entries(TEMPLATES).flatMap(([name, text]) => {
  const parsed = parse(text);
  return kernelsOf(parsed).map((profile) => ({ name, text, parsed, profile }));
});

/** The text with a span of a line replaced. */
export function replaced({ text }: Text, line: number, { start, end }: Span, by: string): string {
  const lines = text.split('\n');
  const old = lines[line] ?? '';
  lines[line] = old.slice(0, start) + by + old.slice(end);
  return lines.join('\n');
}

const memory = new Map<string, string | undefined>();

/** A plain run as text, without the lines of the scenario; undefined when it is refused. */
export function observed({ name, profile }: Text, text: string): string | undefined {
  const key = `${profile.name}\n${name}\n${text}`;
  if (memory.has(key)) return memory.get(key);
  const includes = (include: string): ParsedScenario =>
    parse(readFileSync(path.resolve(root, path.dirname(name), include), 'utf8'));
  const { model } = elaborate(parse(text), { profile, includes });
  let result: string | undefined;
  if (model) {
    const run = new Run(model);
    let limit = '';
    try {
      run.runToEnd();
    } catch (error) {
      // A limit of the model refuses with words.
      if (!(error instanceof ModelLimit)) throw error;
      limit = error.message;
    }
    result = `${model.environment.map((move) => move.name).join(' ')}\n${traceText(run, { lineText: () => '', changes: true }).join('\n')}${limit}`;
  }
  memory.set(key, result);
  return result;
}

function kernelsOf(parsed: ParsedScenario): Profile[] {
  const header = parsed.lines.map(({ content }) => content).find((content) => content.kind === 'kernel');
  const named = header?.kind === 'kernel' ? profileNamed(header.version.text) : undefined;
  const all = profilesNamed(parsed);
  return [...new Set([named, all[0], all.at(-1)])].filter((profile) => profile !== undefined);
}

/** Three tests: all of a kind were seen to act but for the listed ones, those are needed, and the page has the numbers. */
export function judge(kind: AcceptedKind, all: readonly string[], seen: { has(one: string): boolean }): void {
  const excused = new Set(ACCEPTED_WITHOUT_EFFECT.filter((row) => row.kind === kind).flatMap((row) => row.names));
  it(`${kind}: acts, or a hint says that it does not`, () => {
    expect(all.filter((one) => !seen.has(one) && !excused.has(one))).toEqual([]);
  });
  it(`${kind}: exceptions are needed`, () => {
    expect([...excused].filter((one) => seen.has(one) || !all.includes(one))).toEqual([]);
  });
  it(`${kind}: docs/fidelity.md has the numbers (UPDATE=1 writes them)`, () => {
    const file = path.join(root, 'docs/fidelity.md');
    const row = `| ${kind} | ${all.length} | ${all.length - excused.size} | ${excused.size} |`;
    const page = readFileSync(file, 'utf8');
    if (process.env.UPDATE === '1') writeFileSync(file, page.replace(new RegExp(`^\\| ${kind} \\| \\d.*$`, 'm'), row));
    expect(readFileSync(file, 'utf8').split('\n')).toContain(row);
  });
}
