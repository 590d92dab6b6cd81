import type { Fix, ParsedScenario } from '../ast.ts';
import { contentsOfKind, linesOf } from '../blocks.ts';
import { brokenNames } from '../broken-names.ts';
import { type Piece, piecesOf } from '../pieces.ts';
import { remembered } from '../remembered.ts';
import type { Check } from './check.ts';

export const unopenedDevice: Check = {
  code: 'unopened-device',
  severity: 'warning',
  doc: 'The device sends TLPs, its group is opened, and the device itself never is. VFIO enables it, with bus mastering, only when it is opened.',
  sources: ['linux: drivers/vfio/pci/vfio_pci_core.c vfio_pci_core_enable()'],
  examples: {
    bad: `machine {
  device nic 0000:01:00.0 group=26
  memory x = 0
}
setup {
  group = open("/dev/vfio/26", O_RDWR)
}
device nic {
  r0 = MRd x
}
`,
    good: `machine {
  device nic 0000:01:00.0 group=26
  memory x = 0
}
setup {
  group = open("/dev/vfio/26", O_RDWR)
  nic = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
}
device nic {
  r0 = MRd x
}
`,
  },
  *scenario({ scenario, included }) {
    const files = [scenario, ...included];
    const given = new Set(files.flatMap((file) => piecesOf(file).flatMap(({ piece }) => stringsOfPiece(piece))));
    const opened = (path: string): boolean => given.has(path);
    const byNode = [...given].some((path) => path.startsWith('/dev/vfio/devices/'));
    const unread = brokenNames(scenario).mentioned.has('ioctl');
    if (byNode || unread || files.some((file) => contentsOfKind(file, 'call').length > 0)) return;
    for (const { line, content } of contentsOfKind(scenario, 'device')) {
      const option = (key: string) => content.options.find((one) => one.key.text === key)?.value.text;
      const group = option('group');
      if (group === undefined || (option('driver') ?? 'vfio-pci') !== 'vfio-pci') continue;
      if (!opened(`/dev/vfio/${group}`) || opened(content.bdf.text)) continue;
      const block = scenario.blocks.find(
        ({ kind, actor }) => kind === 'device' && actor?.name?.text === content.name.text,
      );
      const sends =
        block !== undefined &&
        [...linesOf(block.items)].some((index) => scenario.lines[index]!.content.kind === 'action');
      if (!sends) continue;
      const message = `\`${content.name.text}\` sends TLPs, and nothing opens it: VFIO_GROUP_GET_DEVICE_FD with "${content.bdf.text}" would.`;
      yield {
        line,
        span: content.name.span,
        message,
        ...opening(scenario, content.name.text, content.bdf.text, `/dev/vfio/${group}`),
      };
    }
  },
};

/** Strings that are arguments of system calls. */
const stringsOfPiece = remembered(({ lines }: Piece): readonly string[] => [
  ...new Set(
    lines.flatMap(({ content }) =>
      content.kind === 'syscall' ? content.args.flatMap((arg) => (arg.kind === 'string' ? [arg.value] : [])) : [],
    ),
  ),
]);

/** At the end of `setup`, through the descriptor of its group. */
function opening(scenario: ParsedScenario, device: string, bdf: string, path: string): { fixes?: readonly Fix[] } {
  const setup = scenario.blocks.find(({ kind }) => kind === 'setup');
  const group = contentsOfKind(scenario, 'syscall').find(({ content: { args } }) =>
    args.some((arg) => arg.kind === 'string' && arg.value === path),
  )?.content.bind?.text;
  if (setup === undefined || group === undefined) return {};
  const newText = `  ${device}fd = ioctl(${group}, VFIO_GROUP_GET_DEVICE_FD, "${bdf}")\n`;
  return {
    fixes: [{ title: `Open \`${device}\``, edits: [{ line: setup.endLine, span: { start: 0, end: 0 }, newText }] }],
  };
}
