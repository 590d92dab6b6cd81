/** Outcomes drawn: verdicts, a bar for each outcome, findings, and for small spaces the graph of states. */
import { counted, type OutcomesPicture } from '@snoopscope/sim-core';
import { CHARACTER, type Drawing, fitted, group, type Intent, rect, type Shape, text } from './shape.ts';
import { drawStates, valuesText } from './states.ts';

const ROW = 24;
/** With the schedule below it. */
const TALL = 42;
/** Narrower than this, signs stand for words. */
const NARROW = 700;
const COPY = 'Copy schedule';
const COPY_WIDTH = COPY.length * CHARACTER + 12;
const SIGNS = { holds: '✓', fails: '✗', open: '?', 'not for this kernel': '–' } as const;

/** One thing below the other, each in the full width. */
class Column {
  readonly shapes: Shape[] = [];
  readonly #width: number;
  y = 4;

  constructor(width: number) {
    this.#width = width;
  }

  heading(what: string): void {
    this.shapes.push(...fitted(8, this.y + 16, this.#width - 16, what, 'strong'));
    this.y += ROW;
  }

  /** What leads into the debugger, if there is a way: `children` are drawn from `y` on. */
  entry(children: (y: number, height: number) => readonly Shape[], { label, intent, action }: Entry): void {
    const way = intent.kind === 'debug' ? intent.schedule : undefined;
    const height = way === undefined ? ROW : TALL;
    const shown = [...children(this.y, height), ...(way === undefined ? [] : this.#way(way, action))];
    const name = way === undefined ? label : `${label}. ${action}`;
    this.shapes.push(group(shown, { class: 'choice' }, { label: name, intent }));
    if (way !== undefined && way !== ANY) this.shapes.push(this.#copy(way));
    this.y += height;
  }

  #way(schedule: string, action: string): Shape[] {
    const baseline = this.y + 34;
    const written = schedule === ANY ? 'whatever the schedule' : schedule;
    const from = 12 + (action.length + 2) * CHARACTER;
    return [
      text(12, baseline, action, 'action'),
      ...fitted(from, baseline, this.#width - from - COPY_WIDTH - 24, written, 'dim'),
    ];
  }

  #copy(schedule: string): Shape {
    const x = this.#width - COPY_WIDTH - 10;
    const shapes = [
      rect(x, this.y + 21, COPY_WIDTH, 17, 'button action'),
      text(x + COPY_WIDTH / 2, this.y + 33, COPY, 'centre action'),
    ];
    return group(
      shapes,
      { class: 'choice action' },
      { label: `${COPY}: ${schedule}`, intent: { kind: 'copy', text: schedule } },
    );
  }
}

interface Entry {
  readonly label: string;
  readonly intent: Intent;
  /** What the debugger is to show. */
  readonly action: string;
}

/** A `schedule` line without items: any leads there. */
const ANY = 'schedule';

export function drawOutcomes(outcomes: OutcomesPicture, width: number): Drawing {
  const column = new Column(width);
  if (outcomes.conditions.length > 0) column.heading(`Conditions on ${outcomes.kernel}`);
  for (const condition of outcomes.conditions) drawCondition(column, condition, width);
  if (outcomes.bars.length > 0)
    column.heading(`Outcomes${outcomes.terms.length > 0 ? `: ${outcomes.terms.join(', ')}` : ''}`);
  const label = Math.min(
    width / 2,
    24 + CHARACTER * Math.max(4, ...outcomes.bars.map((bar) => valuesText(outcomes, bar.values).length)),
  );
  for (const bar of outcomes.bars) drawBar(column, outcomes, bar, width, label);
  if (outcomes.findings.length > 0) column.heading('Findings');
  for (const finding of outcomes.findings) drawFinding(column, finding, width);
  if (outcomes.graph) {
    column.heading(`States: ${outcomes.graph.states.length}, the shortest way to each outcome drawn strongly`);
    const graph = drawStates(outcomes, outcomes.graph, column.y, width);
    column.shapes.push(...graph.shapes);
    column.y = graph.bottom;
  }
  return { width, height: column.y + 8, label: `Outcomes on ${outcomes.kernel}`, shapes: column.shapes };
}

function drawCondition(
  column: Column,
  { text: what, verdict, schedule, line: at, positive, negative }: OutcomesPicture['conditions'][number],
  width: number,
): void {
  const narrow = width < NARROW;
  const said = narrow ? SIGNS[verdict] : `${SIGNS[verdict]} ${verdict}`;
  const counts = narrow ? '' : `${positive} true, ${negative} false`;
  const condition = what.replaceAll(/\s+/g, ' ');
  column.entry(
    (y, height) => [
      rect(4, y + 1, width - 8, height - 2, 'node'),
      text(12, y + 16, said, `strong verdict-${verdict}`),
      ...fitted(narrow ? 34 : 180, y + 16, width - (narrow ? 46 : 350), condition, ''),
      text(width - 12, y + 16, counts, 'right dim'),
    ],
    {
      label: `Condition on line ${at + 1} ${verdict}: ${condition}; true in ${counted(positive, 'outcome')}, false in ${negative}`,
      intent: schedule === undefined ? { kind: 'line', line: at } : { kind: 'debug', schedule },
      action: verdict === 'fails' ? 'Debug counterexample' : 'Debug example',
    },
  );
}

function drawBar(
  column: Column,
  picture: OutcomesPicture,
  bar: OutcomesPicture['bars'][number],
  width: number,
  label: number,
): void {
  const values = valuesText(picture, bar.values);
  const long = Math.max(2, (width - label - 130) * bar.share);
  column.entry(
    (y, height) => [
      rect(4, y + 1, width - 8, height - 2, 'node'),
      rect(label, y + 5, long, ROW - 9, 'bar'),
      ...fitted(12, y + 16, label - 16, values, ''),
      text(label + long + 6, y + 16, String(bar.count), 'dim'),
    ],
    {
      label: `Outcome ${values}: ${bar.count} ${bar.count === 1 ? picture.unit.replace(/s$/, '') : picture.unit}`,
      intent: { kind: 'debug', schedule: bar.schedule },
      action: 'Debug outcome',
    },
  );
}

function drawFinding(column: Column, found: OutcomesPicture['findings'][number], width: number): void {
  const narrow = width < NARROW;
  const { unexpected, finding, schedule, nth } = found;
  const what = withLine(found);
  const sign = narrow ? (unexpected ? '✗' : '!') : unexpected ? '✗ unexpected' : '! found';
  column.entry(
    (y, height) => [
      rect(4, y + 1, width - 8, height - 2, 'node'),
      text(12, y + 16, sign, unexpected ? 'strong verdict-fails' : 'strong'),
      ...fitted(narrow ? 34 : 180, y + 16, width - (narrow ? 130 : 290), what, ''),
      text(width - 12, y + 16, found.count === 1 ? 'once' : `${found.count} times`, 'right dim'),
    ],
    {
      label: `${what}, ${found.count === 1 ? 'once' : `${found.count} times`}`,
      intent: { kind: 'debug', schedule, finding, ...(nth > 1 && { nth }) },
      action: 'Debug counterexample',
    },
  );
}

/** Two findings of a kind may differ in nothing but their line; some texts begin with it. */
function withLine({ text, line }: OutcomesPicture['findings'][number]): string {
  if (line === undefined) return text;
  const place = `line ${line + 1}`;
  return text.includes(place) ? text : `${text} (${place})`;
}
