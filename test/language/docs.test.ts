// docs/language.md is the user's reference: its examples are scenarios without errors, and its tables are the tables.
// `UPDATE=1` rewrites the tables between their markers.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MONITORS } from '../../sim-core/src/engine/monitors/table.ts';
import { profileNamed } from '../../sim-core/src/kernel/profiles.ts';
import { LIMITS, type Limit } from '../../sim-core/src/limits.ts';
import { PREDICTIONS } from '../../sim-core/src/predict/table.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { CHECKS } from '../../sim-core/src/scenario/checks/table.ts';
import { elaborate } from '../../sim-core/src/scenario/elaborate.ts';
import { FACTS } from '../../sim-core/src/scenario/facts.ts';
import { LANGUAGE_WORDS } from '../../sim-core/src/scenario/language-words.ts';
import { MACHINE_OPTIONS, type MachineOption } from '../../sim-core/src/scenario/machine-options.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';

/** What each limit counts. */
const LIMIT_TEXTS: Readonly<Record<Limit, string>> = {
  scenarioCharacters: 'characters of a scenario',
  scenarioLines: 'lines of a scenario',
  lineCharacters: 'characters of a line',
  blockNesting: 'blocks inside one another',
  valueNesting: 'brackets inside one another, in one line',
  diagnostics: 'diagnostics of a scenario',
  repeatCount: 'times that `repeat` repeats',
  programNodes: 'statements, once calls are expanded',
  stateSlots: 'numbers in the state of a machine',
  callDepth: 'calls inside one another',
  storeBuffer: "entries of a CPU's store buffer",
};

const file = new URL('../../docs/language.md', import.meta.url);
let page = readFileSync(file, 'utf8');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function valuesText({ values, range }: MachineOption): string {
  if (typeof values === 'object') return values.map((value) => `\`${value}\``).join(', ');
  return range === undefined ? values : `${range[0]} to ${range[1]}`;
}

const ownerText: Readonly<Record<string, string>> = { 'actor-device': '`device` block' };

const sections: Readonly<Record<string, () => string>> = {
  options: () =>
    table(
      ['of', 'option', 'values', 'when left out', 'meaning'],
      Object.entries(MACHINE_OPTIONS).flatMap(([owner, options]) =>
        options.map((option) => [
          ownerText[owner] ?? `\`${owner}\``,
          `\`${option.key}\``,
          valuesText(option),
          option.fallback,
          option.doc,
        ]),
      ),
    ),
  facts: () =>
    `${table(
      ['fact', 'value', 'meaning'],
      FACTS.map(({ name, params, value, doc }) => [
        `\`${name}(${params.map((param) => param.name).join(', ')})\``,
        typeof value === 'object' ? value.names.map((one) => `\`${one}\``).join(', ') : value,
        doc,
      ]),
    )}\n\n${table(
      ['finding', 'meaning'],
      MONITORS.map(({ finding, doc }) => [`\`${finding}\``, doc]),
    )}`,
  limits: () =>
    table(
      ['limit', 'value'],
      Object.entries(LIMITS).map(([name, value]) => [
        LIMIT_TEXTS[name as Limit],
        value.toLocaleString('en').replaceAll(',', ' '),
      ]),
    ),
  diagnostics: () =>
    table(
      ['code', 'severity', 'meaning'],
      CHECKS.map(({ code, severity, doc }) => [`\`${code}\``, severity, doc]),
    ),
  predictions: () =>
    table(
      ['code', 'severity', 'meaning'],
      PREDICTIONS.map(({ code, severity, doc }) => [`\`${code}\``, severity, doc]),
    ),
};

for (const [name, render] of Object.entries(sections)) {
  test(`the table of ${name} is up to date`, () => {
    const pattern = new RegExp(`(<!-- ${name}:begin -->\\n)([\\s\\S]*?)(<!-- ${name}:end -->)`);
    expect(page).toMatch(pattern);
    if (process.env.UPDATE) {
      page = page.replace(pattern, (_, begin: string, __, end: string) => `${begin}${render()}\n${end}`);
      writeFileSync(file, page);
    }
    expect(pattern.exec(page)![2]!.trim()).toBe(render());
  });
}

const examples = [...page.matchAll(/## (.*)\n(?:(?!## )[\s\S])*?```snoop\n([\s\S]*?)```/g)].map(
  ([, title, text]) => [title!, text!] as const,
);

test.each(examples)('the example of "%s" has no errors', (_, text) => {
  const parsed = parse(text);
  const found = [...parsed.diagnostics, ...checkText(parsed)].filter(
    (diagnostic) => diagnostic.severity === 'error' || diagnostic.severity === 'warning',
  );
  expect(found.map(({ line, message }) => `${line + 1}: ${message}`)).toEqual([]);
});

test.each(examples)('the example of "%s" can be executed', (_, text) => {
  const { diagnostics } = elaborate(parse(text), { profile: profileNamed('v5.11')! });
  expect(diagnostics.map(({ line, message }) => `${line + 1}: ${message}`)).toEqual([]);
});

test('every section with a fence was found', () => {
  expect(examples.length).toBe(page.split('```snoop').length - 1);
});

test('every word of the language is explained', () => {
  for (const { word } of LANGUAGE_WORDS)
    expect(page, word).toMatch(new RegExp(`(^|[^\\w-])${word.replace('~', '\\~')}([^\\w-]|$)`));
});
