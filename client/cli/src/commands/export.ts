/** `snoopscope export KIND FILE`: a run, or a picture of it, in a form for other tools. */
import { tableLines } from '@snoopscope/sim-core';
import { draw, type Picture, svgFile, textOf } from '@snoopscope/views/draw';
import { listed } from '../arguments.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { exportC } from '../export-c.ts';
import { DEFAULT_LEARNED, exportPromela } from '../export-promela.ts';
import { exportTrace } from '../export-trace.ts';
import { Failure } from '../failure.ts';
import { FORMAT_VERSION, jsonText } from '../json.ts';
import { outcomesDot, topologyDot } from '../pictures/dot.ts';
import { outcomesMermaid, timelineMermaid, topologyMermaid } from '../pictures/mermaid.ts';
import { perfettoTrace } from '../pictures/perfetto.ts';
import {
  DEFAULT_PICTURED,
  type ExportedPicture,
  PICTURES,
  type PictureName,
  pictureOf,
} from '../pictures/picture-of.ts';
import { RUN_OPTIONS, recordRun } from '../record-run.ts';
import { type Command, type Invocation, RUN_FILES } from './command.ts';

/** One form of pictures. */
interface Form {
  /** What it can say, the default first. */
  readonly pictures: readonly PictureName[];
  readonly write: (exported: ExportedPicture, call: Invocation) => string;
}

const FORMS: Readonly<Record<string, Form>> = {
  text: {
    pictures: PICTURES,
    write: ({ picture, file, kernel }, call) =>
      call.text('format') === 'json'
        ? jsonText({ format: FORMAT_VERSION, kind: 'picture', file, kernel, ...picture })
        : tableLines(textOf(picture)).join('\n'),
  },
  svg: {
    pictures: PICTURES,
    write: ({ picture, file, kernel }, call) => {
      const drawing = draw(picture, call.count('width', MOST_PIXELS) ?? widthOf(picture));
      return svgFile(
        { ...drawing, label: `${file} on ${kernel}. ${drawing.label}` },
        textOf(picture),
        // What happened last is in the drawing.
        picture.picture === 'topology' ? picture.notices : undefined,
      );
    },
  },
  mermaid: { pictures: ['timeline', 'topology', 'outcomes'], write: ({ picture }) => mermaidOf(picture).join('\n') },
  perfetto: {
    pictures: ['timeline'],
    write: ({ picture, file, kernel }) =>
      picture.picture === 'timeline' ? jsonText(perfettoTrace(picture, file, kernel)) : '',
  },
  dot: { pictures: ['topology', 'outcomes'], write: ({ picture }) => dotOf(picture).join('\n') },
};

const KINDS: readonly string[] = ['trace', 'c', 'promela', ...Object.keys(FORMS)];
/** What only pictures have. */
const OF_PICTURES = ['picture', 'at', 'width'];

const MOST_PIXELS = 100_000;
const LEAST_PIXELS = 1200;
/** A timeline is as wide as its steps need to be told apart. */
const STEP_PIXELS = 26;

export const exportCommand: Command = {
  name: 'export',
  summary: 'Run a scenario and export the run, or a picture of it, for other tools.',
  operands: 'KIND FILE',
  minOperands: 2,
  maxOperands: 2,
  operandOffers: [{ words: () => KINDS }, RUN_FILES],
  description: [
    'KIND is `trace`: every event of the run. As JSON, each event is four integers, [slot, old, new, 0] or [~happening, a, b, c]; the fields that slots belong to and the names of happenings are in the document, so that it can be read without Snoopscope. As text, one line for each event that people ask about.',
    'Or KIND is a form of a picture. `text`: tables that say all that the picture shows; `svg`: a drawing; `mermaid`: text that wikis and forges render; `perfetto`: a trace for ui.perfetto.dev, one microsecond a step; `dot`: text for Graphviz. --picture selects one: `timeline`, `topology` and `memory` are of one run, `outcomes` is of all interleavings.',
    'Or KIND is `c`: a C program that makes the system calls of the run on a real machine, checks each declared result, and prints what the kernel answered as the Test Anything Protocol has it. With --litmus all threads run freely, many times, and outcomes are counted. Devices are named on the command line of the program; what only hardware can do is left out and named. `snoopscope compare` compares its output with the simulator.',
    'Or KIND is `promela`: the scenario as a model for SPIN, with every interleaving. All states are explored first, without reductions, to learn what each move does. With --max-states the model may be incomplete: an assertion fails where SPIN comes to what was not learned. `snoopscope compare` holds the outcomes that SPIN prints against the explorer.',
  ],
  options: [
    ...RUN_OPTIONS,
    {
      name: 'max-states',
      value: 'N',
      doc: `With \`promela\`: learn from at most N states. Default: ${DEFAULT_LEARNED.toLocaleString('en-US')}. With the picture \`outcomes\`: look at N states at most. Default: ${DEFAULT_PICTURED.toLocaleString('en-US')}.`,
    },
    { name: 'litmus', doc: 'With `c`: a program that lets all threads run freely and counts outcomes.' },
    {
      name: 'picture',
      value: 'PICTURE',
      choices: PICTURES,
      doc: 'The picture. Default: timeline, for dot topology.',
    },
    {
      name: 'at',
      value: 'N',
      doc: 'Position of the cursor: what topology and memory show is the state after N micro-steps. Default: after the first finding, else the end.',
    },
    { name: 'width', value: 'PIXELS', doc: 'Width of an SVG. Default: what the run needs.' },
    {
      name: 'format',
      value: 'FORMAT',
      choices: ['json', 'text'],
      doc: 'Output format of `trace` and of pictures. With json, `svg`, `mermaid` and `dot` are in `content` of the document; `perfetto` is JSON in any case. Default: json for `trace`, else text.',
    },
  ],
  examples: [
    { line: 'export trace --kernel v5.11 a.snoop', about: 'Every event of the run on v5.11.' },
    { line: 'export c a.snoop > a.c', about: 'The run as a program for a real machine.' },
    { line: 'export promela a.snoop > a.pml', about: 'The scenario as a model for SPIN.' },
    { line: 'export svg a.snoop > a.svg', about: 'The timeline as a drawing.' },
    { line: 'export text --picture memory --at 40 a.snoop', about: 'What every cache holds after 40 micro-steps.' },
  ],
  async run(call) {
    const [kind, name] = call.operands as [string, string];
    if (kind !== 'c' && call.flag('litmus'))
      throw new Failure('--litmus is for `c`. Leave it out.', { code: 'options-exclude-each-other' });
    const form = Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
    if (form) return exportPicture(call, kind, form, name);
    if (kind !== 'trace' && kind !== 'c' && kind !== 'promela') throw unknownKind(kind);
    refuse(call, OF_PICTURES, 'is for pictures');
    if (kind === 'promela') {
      refuse(call, ['format'], 'is for `trace` and pictures');
      refuse(call, ['schedule', 'max-steps'], 'is for one run, and a model has all of them');
      return exportPromela(call, name);
    }
    refuse(call, ['max-states'], 'is for `promela` and the picture `outcomes`');
    if (kind === 'c') {
      refuse(call, ['format'], 'is for `trace` and pictures');
      await exportC(call, name);
      return EXIT.fine;
    }
    const outcome = await recordRun(call, name);
    exportTrace({ ...call, format: call.text('format') ?? 'json' }, outcome);
    if (outcome.end.kind === 'interrupted') return EXIT.interrupted;
    return outcome.end.kind === 'limit' ? EXIT.limit : EXIT.fine;
  },
};

async function exportPicture(call: Invocation, kind: string, form: Form, name: string): Promise<ExitCode> {
  const [usual] = form.pictures as readonly [PictureName];
  const which = (call.text('picture') as PictureName | undefined) ?? usual;
  if (!form.pictures.includes(which))
    throw new Failure(`\`${kind}\` has no form for the picture \`${which}\`, only for ${listed(form.pictures)}.`, {
      code: 'unknown-picture',
    });
  if (kind !== 'svg') refuse(call, ['width'], 'is for svg');
  const exported = await pictureOf(call, which, name);
  const written = form.write(exported, call);
  // What is JSON already needs no wrapping.
  if (call.text('format') === 'json' && kind !== 'text' && kind !== 'perfetto')
    call.printJson({
      format: FORMAT_VERSION,
      kind,
      picture: which,
      file: exported.file,
      kernel: exported.kernel,
      content: written,
    });
  else call.print(written);
  return exported.exitCode;
}

function refuse(call: Invocation, options: readonly string[], why: string): void {
  const given = options.find((option) => call.text(option) !== undefined);
  if (given) throw new Failure(`--${given} ${why}. Leave it out.`, { code: 'options-exclude-each-other' });
}

function widthOf(picture: Picture): number {
  const needed = picture.picture === 'timeline' ? picture.steps * STEP_PIXELS : 0;
  return Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, needed));
}

function mermaidOf(picture: Picture): string[] {
  switch (picture.picture) {
    case 'timeline':
      return timelineMermaid(picture);
    case 'topology':
      return topologyMermaid(picture);
    case 'outcomes':
      return outcomesMermaid(picture);
    case 'memory':
      return [];
  }
}

function dotOf(picture: Picture): string[] {
  if (picture.picture === 'topology') return topologyDot(picture);
  return picture.picture === 'outcomes' ? outcomesDot(picture) : [];
}

function unknownKind(kind: string): Failure {
  return new Failure(`\`${kind}\` cannot be exported. Supported kinds: ${listed(KINDS)}.`, { code: 'unknown-kind' });
}
