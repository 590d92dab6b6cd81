// `node test/bench/parse/parse.ts`: what reading 10,000 lines costs, and what one edit in them costs.
// Goals: a full parse in 25 ms once warm, one edited line in 5 ms (docs/language.md has the language).
import { readFileSync } from 'node:fs';
import { checkText } from '../../../sim-core/src/scenario/checks/run-checks.ts';
import { print } from '../../../sim-core/src/scenario/format.ts';
import { parse } from '../../../sim-core/src/scenario/parser.ts';

const lineCount = 10_000;
const scenario = readFileSync(
  new URL('../../../scenarios/wbinvd/local-cpu-not-flushed.snoop', import.meta.url),
  'utf8',
);

/** One machine, its actors, and procedures of the same statements until there are enough lines. */
function largeScenario(): string[] {
  const lines = scenario.trimEnd().split('\n');
  const start = lines.findIndex((line) => line.startsWith('setup'));
  const body = lines.slice(start + 1, lines.indexOf('}', start) + 1);
  for (let copy = 0; lines.length < lineCount; copy++) lines.push(`proc copy${copy}() {`, ...body);
  return lines.slice(0, lines.lastIndexOf('}') + 1);
}

function measure(name: string, runs: number, work: (run: number) => void): void {
  for (let run = 0; run < 10; run++) work(run);
  const times = Array.from({ length: runs }, (_, run) => {
    const start = performance.now();
    work(run);
    return performance.now() - start;
  }).sort((left, right) => left - right);
  const shown = [times[0]!, times[runs >> 1]!, times.at(-1)!].map((time) => time.toFixed(2).padStart(8));
  process.stdout.write(`${name.padEnd(44)} ${shown.join(' ')}\n`);
}

const lines = largeScenario();
const text = lines.join('\n');
const edited = (run: number) => lines.with(5000, `  close(${run})`).join('\n');
let previous = parse(text);
checkText(previous);

process.stdout.write(
  `${lines.length} lines, ${text.length} characters; milliseconds\n${''.padEnd(44)}      min   median      max\n`,
);
measure('full parse', 60, () => parse(text));
measure('full parse and check', 20, () => checkText(parse(text)));
measure('parse after an edit of one line', 60, (run) => {
  previous = parse(edited(run), previous);
});
measure('parse and check after an edit of one line', 60, (run) => {
  previous = parse(edited(run), previous);
  checkText(previous);
});
measure('format', 20, () => print(previous));
