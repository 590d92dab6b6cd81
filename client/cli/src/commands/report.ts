/** `snoopscope report FILE…`: what people ask in bug reports. */
import {
  fileRemarks,
  imported,
  type LogReport,
  type Rebuilder,
  type RunFiles,
  reportOf,
  reportText,
  reportWithoutLog,
} from '@snoopscope/sim-core';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { choicesOf, importOptions, LOG_OPTIONS, rebuilderOf, rebuiltOf, refuseOptions } from '../import-log.ts';
import { FORMAT_VERSION } from '../json.ts';
import { askedProfile } from '../kernels.ts';
import { readLogs } from '../read-logs.ts';
import { ANY_FILES, type Command, type Invocation } from './command.ts';

export const report: Command = {
  name: 'report',
  summary: 'Say what went wrong in logs of a real machine, and what to do.',
  operands: 'FILE…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  operandOffers: [ANY_FILES],
  description: [
    'Takes what `import` takes: logs of one run, files about the machine, and what the VMM printed on stderr. The report is one page: the machine, whether the VM was non-coherent and since which call, what it cost, which call failed and why, what to do, and the command that would tell what the files do not.',
  ],
  options: [
    ...importOptions,
    { name: 'format', value: 'FORMAT', choices: ['text', 'json', 'markdown'], doc: 'Output format. Default: text.' },
  ],
  examples: [
    { line: 'report qemu.strace inventory.txt', about: 'A failed start, with the machine it happened on.' },
    { line: 'report --format markdown qemu.strace trace.txt > report.md', about: 'For a bug tracker.' },
  ],
  async run(call) {
    const rebuilder = rebuilderOf(call);
    const read = await readLogs(call, call.operands, rebuilder);
    if (call.io.interrupt.aborted) return EXIT.interrupted;
    const document = read.files.some(({ what }) => what === 'log')
      ? withLog(call, rebuilder, read)
      : withoutLog(call, read);
    for (const line of fileRemarks(read)) call.remark(line);
    if (call.format === 'json') call.printJson({ format: FORMAT_VERSION, ...document });
    else call.print(reportText(document, call.format === 'markdown'));
    return EXIT.fine;
  },
};

function withLog(call: Invocation, rebuilder: Rebuilder, { machine }: RunFiles): LogReport {
  const choices = choicesOf(call);
  const asked = call.text('kernel');
  const profile = asked === undefined ? undefined : askedProfile(call, asked);
  const rebuilt = rebuiltOf(call, rebuilder);
  return reportOf(rebuilt, imported(rebuilt, choices, profile), machine.messages);
}

function withoutLog(call: Invocation, { machine, files }: RunFiles): LogReport {
  refuseOptions(call, [...LOG_OPTIONS, 'kernel', 'assume'], 'is about logs, and no file is one');
  const report = reportWithoutLog(machine.facts(), machine.messages);
  const first = files[0];
  if (!report) throw new Failure(NOTHING_TO_REPORT, { code: 'nothing-to-import', ...(first && { file: first.name }) });
  return report;
}

const NOTHING_TO_REPORT =
  'Nothing relevant found: no log of a run, no IOMMU, no device and no kernel release, and no message of the kernel or a VMM about VFIO, KVM or the IOMMU.';
