/** A recorded sequence as a scenario: each call with what the kernel answered, and the order as a schedule. */
import {
  machineOf,
  type RecordedSequence,
  type RecordingHeader,
  type ReplayStep,
  SequenceTranslator,
} from './recording.ts';
import { profileOfRecording } from './replay-scenario.ts';

interface Line {
  readonly step: ReplayStep;
  readonly result?: string;
}

/** The scenario of one sequence. Every declared result is the kernel's, so a run reports where the simulator differs. */
export function recordingScenario(header: RecordingHeader, recorded: RecordedSequence): string {
  const sequence = new SequenceTranslator(header).sequence(recorded);
  const lines: Line[] = sequence.ops.flatMap((op) =>
    op.steps.map((step, i) => (i === op.main ? { step, ...declared(op.recorded.ret, op.recorded.err) } : { step })),
  );
  lines.push(...sequence.teardown.map((step): Line => ({ step, result: '0' })));
  const { profile } = profileOfRecording(header);
  const blocks = new Map<string, string[]>();
  const schedule: { name: string; count: number }[] = [];
  for (const { step, result } of lines) {
    const { block, name } = actorOf(step);
    const statements = blocks.get(block) ?? [];
    blocks.set(block, statements);
    statements.push(`  ${step.text}${result === undefined ? '' : ` = ${result}`}`);
    const last = schedule.at(-1);
    if (last?.name === name) last.count++;
    else schedule.push({ name, count: 1 });
  }
  return [
    `scenario "${header.name}: ${recorded.id}"`,
    `doc "Recorded on ${header.kernel_release}; every result declared here is that kernel's."`,
    `kernel ${profile.name}`,
    '',
    ...machineOf(header),
    ...[...blocks].flatMap(([block, statements]) => ['', `${block} {`, ...statements, '}']),
    '',
    `schedule ${schedule.map(({ name, count }) => (count === 1 ? name : `${name}*${count}`)).join(' ')}`,
    '~exists unexpected-result',
    '',
  ].join('\n');
}

function declared(ret: number | 'fd', err: string | undefined): { result?: string } {
  if (err !== undefined) return { result: `-${err}` };
  return ret === 'fd' ? {} : { result: String(ret) };
}

function actorOf(step: ReplayStep): { block: string; name: string } {
  if (step.actor === 'recorder') return { block: 'thread recorder', name: 'recorder' };
  const { vcpu, of } = step.actor;
  return { block: `vcpu ${vcpu} of ${of}`, name: `${of}_vcpu${vcpu}` };
}
