/** `snoopscope bisect FILE`: names the upstream change that flips a verdict. */
import { Bisection, counted, type Profile, releasesOf, type Turn } from '@snoopscope/sim-core';
import { checkRequestOf, MAX_MEGABYTES, MAX_STATES } from '../check-options.ts';
import { limitText } from '../check-text.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { remarkWarnings } from '../failure-report.ts';
import { FORMAT_VERSION } from '../json.ts';
import { askedProfile } from '../kernels.ts';
import { wrap } from '../paint.ts';
import { modelOf, readScenario, type ScenarioFile } from '../scenario-file.ts';
import { withPauses } from '../with-pauses.ts';
import { type Command, FORMAT, GRANULARITY, type Invocation, KERNELS, SCENARIO_FILES } from './command.ts';

export const bisect: Command = {
  name: 'bisect',
  summary: 'Find the upstream change that flips a verdict.',
  operands: 'FILE',
  minOperands: 1,
  maxOperands: 1,
  operandOffers: [SCENARIO_FILES],
  description: [
    'Determines on each kernel, from the oldest to the newest that the conditions name, whether each proposition is true never, sometimes or always, ignoring the versions a condition is restricted to. Where the answer changes between two neighbouring kernels, it toggles single upstream changes until only those remain that flip it. --from and --to compare just two kernels, one of which may be other than a mainline release.',
  ],
  options: [
    { name: 'from', value: 'KERNEL', doc: 'The older of two kernels to compare; needs --to.', offers: KERNELS },
    { name: 'to', value: 'KERNEL', doc: 'The newer of two kernels to compare; needs --from.', offers: KERNELS },
    GRANULARITY,
    MAX_STATES,
    MAX_MEGABYTES,
    FORMAT,
  ],
  examples: [
    {
      line: 'bisect scenarios/wbinvd/local-cpu-not-flushed.snoop',
      about: 'Find every flip between the kernels that the conditions name.',
    },
    { line: 'bisect --from v3.13 --to series-v1 a.snoop', about: 'What a posted series would have changed.' },
  ],
  async run(call) {
    const file = await readScenario(call.io, call.operands[0]!);
    remarkWarnings(call, file);
    const { explore, interrupt } = checkRequestOf(call);
    const profiles = profilesOf(call, file);
    const bisection = new Bisection({
      parsed: file.parsed,
      modelOf: (profile) => modelOf(file, profile),
      explore,
      interrupted: () => interrupt.aborted,
    });
    const turns = await withPauses(bisection.turning(profiles), ({ kernel, exploration, states }) =>
      call.status(`${kernel}, exploration ${exploration}: ${counted(states, 'state')}`),
    );
    if (call.format === 'json') {
      call.printJson({
        format: FORMAT_VERSION,
        file: file.name,
        kernels: profiles.map((p) => p.name),
        complete: bisection.limit === undefined,
        ...(bisection.limit && { limit: { kind: bisection.limit.kind, message: limitText(bisection.limit) } }),
        turns: turns.map(turnDocument),
      });
    } else printTurns(call, file.name, profiles, turns, bisection);
    if (interrupt.aborted) return EXIT.interrupted;
    return bisection.limit ? EXIT.limit : EXIT.fine;
  },
};

function profilesOf(call: Invocation, file: ScenarioFile): readonly Profile[] {
  const from = call.text('from');
  const to = call.text('to');
  if (from === undefined && to === undefined) return releasesOf(file.parsed);
  if (from === undefined || to === undefined) {
    throw new Failure('--from and --to belong together: both name a kernel.', { code: 'missing-option' });
  }
  return [askedProfile(call, from), askedProfile(call, to)];
}

function turnDocument({ question, from, to, before, after, changes, relation, revertsAlone }: Turn): object {
  return {
    question: question.text,
    ...(question.line !== undefined && { line: question.line + 1 }),
    from: { kernel: from.name, answer: before },
    to: { kernel: to.name, answer: after },
    changes: changes.map(({ id, subject, commit, first, until, effect, where, added }) => ({
      id,
      subject,
      ...(commit !== undefined && { commit }),
      ...(first !== undefined && { first }),
      ...(until !== undefined && { until }),
      added,
      effect,
      where,
    })),
    ...(changes.length > 1 && { relation }),
    revertsAlone,
  };
}

function printTurns(
  call: Invocation,
  name: string,
  profiles: readonly Profile[],
  turns: readonly Turn[],
  { explorations, limit }: Bisection,
): void {
  call.print(call.paint('heading', name));
  const printed = new Set<Turn>();
  for (const turn of turns) {
    if (printed.has(turn)) continue;
    const together = turns.filter((other) => causeOf(other) === causeOf(turn));
    for (const one of together) printed.add(one);
    printCause(call, together);
  }
  const span = `${profiles[0]?.name} to ${profiles.at(-1)?.name}`;
  if (limit)
    call.print(`\n${wrap(`Some answers are unknown, so flips may be missing. ${limitText(limit)}`, call.width)}`);
  else if (turns.length === 0) call.print(wrap(`No verdict flips from ${span}.`, call.width));
  call.print(`\n${call.paint('faint', `${span}: ${counted(explorations, 'exploration')}`)}`);
}

/** What flips together for the same reason is reported once. */
function causeOf({ from, to, changes, revertsAlone }: Turn): string {
  return [from.name, to.name, revertsAlone, ...changes.map(({ id }) => id)].join(' ');
}

function printCause(call: Invocation, together: readonly Turn[]): void {
  const { paint, width } = call;
  const [{ from, to, changes, relation, revertsAlone }] = together as [Turn];
  call.print(`\n${paint('heading', `${from.name} → ${to.name}`)}`);
  for (const { question, before, after } of together) {
    const line = question.line === undefined ? '' : ` (line ${question.line + 1})`;
    call.print(`  ${wrap(`${question.text}${line}: ${before} → ${after}`, width, 4, 2)}`);
  }
  for (const change of changes) {
    const commit = change.commit ? `${change.commit} ` : '';
    call.print(`    ${paint('name', wrap(`${commit}${change.subject} (${presenceText(change, to)})`, width, 6, 4))}`);
    call.print(`      ${wrap(change.effect, width, 6)}`);
    call.print(`      ${paint('faint', wrap(change.where, width, 6))}`);
  }
  if (changes.length > 1) {
    call.print(relation === 'each' ? '    Each of these alone flips it.' : '    Each of these is needed.');
  }
  if (revertsAlone) return;
  const them = changes.length > 1 ? 'them' : 'it';
  call.print(`    ${wrap(`Taking ${them} out of ${to.name} alone does not flip it back.`, width, 4)}`);
}

/** Since when the change is in the kernel, or why the newer one lacks it. */
function presenceText({ added, first, until }: Turn['changes'][number], to: Profile): string {
  if (first === undefined) return 'never merged';
  if (added) return `since ${first}`;
  return until === undefined ? `since ${first}, not in ${to.name}` : `gone in ${until}`;
}
