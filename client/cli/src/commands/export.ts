/** `snoopscope export KIND FILE`: a run in a form for other tools. */
import { EVENT_WIDTH, HAPPENINGS, type Run, scheduleText, traceText } from '@snoopscope/sim-core';
import { listed } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { FORMAT_VERSION } from '../json.ts';
import { RUN_OPTIONS, recordRun } from '../record-run.ts';
import type { RunOutcome } from '../run-outcome.ts';
import { type Command, type Invocation, SCENARIO_FILES } from './command.ts';

/** What can be exported, and how each is written. */
const KINDS: Readonly<Record<string, (call: Invocation, outcome: RunOutcome) => void>> = {
  trace(call, outcome) {
    if (call.format === 'json') call.printJson(traceDocument(outcome));
    else call.print(traceLines(outcome.run).join('\n'));
  },
};
/** What people look for here and will not find in this version. */
const NOT_THERE: readonly string[] = ['c', 'perfetto', 'promela', 'svg'];

export const exportCommand: Command = {
  name: 'export',
  summary: 'Run a scenario and export the run for other tools.',
  operands: 'KIND FILE',
  minOperands: 2,
  maxOperands: 2,
  operandOffers: [{ words: () => Object.keys(KINDS) }, SCENARIO_FILES],
  description: [
    'KIND is `trace`: every event of the run. As JSON, each event is four integers, [slot, old, new, 0] or [~happening, a, b, c]; the fields that slots belong to and the names of happenings are in the document, so that it can be read without Snoopscope. As text, one line for each event that people ask about.',
    `Not supported yet: ${listed(NOT_THERE)}.`,
  ],
  options: [
    ...RUN_OPTIONS,
    { name: 'format', value: 'FORMAT', choices: ['json', 'text'], doc: 'Output format. Default: json.' },
  ],
  examples: [{ line: 'export trace --kernel v5.11 a.snoop', about: 'Every event of the run on v5.11.' }],
  async run(call) {
    const [kind, name] = call.operands as [string, string];
    const write = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (!write) throw unknownKind(kind);
    const outcome = await recordRun(call, name);
    write({ ...call, format: call.text('format') ?? 'json' }, outcome);
    if (outcome.end.kind === 'interrupted') return EXIT.interrupted;
    return outcome.end.kind === 'limit' ? EXIT.limit : EXIT.fine;
  },
};

function unknownKind(kind: string): Failure {
  const there = `Supported kinds: ${listed(Object.keys(KINDS))}.`;
  const message = NOT_THERE.includes(kind)
    ? `Exporting \`${kind}\` is not supported yet. ${there}`
    : `\`${kind}\` cannot be exported. ${there}`;
  return new Failure(message, { code: 'unknown-kind' });
}

function traceDocument({ file, profile, run, end }: RunOutcome): object {
  const { model } = run;
  const { layout, world } = model;
  return {
    format: FORMAT_VERSION,
    kind: 'trace',
    file: file.name,
    kernel: profile.name,
    schedule: scheduleText(model, movesMade(run), 'micro'),
    actors: world.topology.actors.map(({ name, kind }) => ({ name, kind })),
    fields: layout.fields.map(({ name, base, dims, values, labels, internal }) => ({
      name,
      base,
      dims,
      ...(values && { values }),
      ...(labels && { labels }),
      ...(internal && { internal }),
    })),
    initial: [...layout.initial],
    happenings: HAPPENINGS,
    statements: model.nodes.map(({ id, kind, place }) => ({
      id,
      kind,
      file: model.sources[place.file]?.path || file.name,
      line: place.line + 1,
    })),
    routines: world.routines.routines.map(({ name, source, kind }) => ({ name, source, kind })),
    steps: Array.from({ length: run.steps }, (_, step) => run.step(step).firstEvent),
    events: Array.from({ length: run.events }, (_, event) => [
      ...run.log.subarray(event * EVENT_WIDTH, (event + 1) * EVENT_WIDTH),
    ]),
    end,
  };
}

/** The moves after setup, one for each micro-step: a schedule that replays this very run. */
function movesMade(run: Run): number[] {
  const { moves, setup } = run.model;
  const made: number[] = [];
  for (let step = 0; step < run.steps; step++) {
    const { actor, node, alternative } = run.step(step);
    if (actor === setup) continue;
    made.push(
      actor < 0
        ? moves.findIndex((move) => move.kind === 'environment' && move.index === node)
        : moves.findIndex((move) => move.kind === 'actor' && move.actor === actor && move.alternative === alternative),
    );
  }
  return made;
}

function traceLines(run: Run): string[] {
  const { sources } = run.model;
  return traceText(run, {
    lineText: (file, line) => sources[file]?.parsed.lines[line]?.text.trim() ?? '',
    explain: true,
  });
}
