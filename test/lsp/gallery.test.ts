// Every scenario of the gallery, through every feature: nothing is wrong with them, and nothing goes wrong over them.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, rolesOf, symbolsOf, type TextPlace, VOCABULARY } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { offersAt } from '../../server/src/features/completion.ts';
import { definitionAt } from '../../server/src/features/definition.ts';
import { checkingSnapshot } from '../../server/src/features/diagnostics.ts';
import { elaboratingOnce } from '../../server/src/features/elaboration.ts';
import { hoverAt } from '../../server/src/features/hover.ts';
import { referencesAt } from '../../server/src/features/references.ts';
import { RenameRefused, renamed } from '../../server/src/features/rename.ts';
import { stretchesAt } from '../../server/src/features/selection.ts';
import { signatureAt } from '../../server/src/features/signature.ts';
import { colouredWords } from '../../server/src/features/tokens.ts';
import { type IncludedFile, profileFor, type Snapshot } from '../../server/src/snapshot.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';

const root = path.resolve(import.meta.dirname, '../../scenarios');
const files = globSync('**/*.snoop', { cwd: root }).sort();

test('there is a gallery', () => {
  expect(files.length).toBeGreaterThan(0);
});

describe.each(files)('%s', (file) => {
  const snapshot = open(file);

  test('is right, and can be executed on its kernel', () => {
    const found = [...toEnd(checkingSnapshot(snapshot)), ...toEnd(elaboratingOnce(snapshot)).diagnostics];
    const serious = found.filter(({ severity }) => severity === 'error' || severity === 'warning');
    expect(serious.map(({ line, message }) => `${line + 1}: ${message}`)).toEqual([]);
  });

  test('every word has its answers', () => {
    snapshot.scenario.lines.forEach((line, index) => {
      for (const { span, role, text, op, symbol } of rolesOf(line, VOCABULARY)) {
        const at = { line: index, column: span.start };
        const hover = hoverAt(snapshot, at);
        const where = `${index + 1}: ${role} ${text}`;
        if (op !== undefined && ['call', 'request', 'instruction', 'tlp', 'host'].includes(role))
          expect(hover, where).toBeDefined();
        if (role === 'constant' || role === 'errno' || role === 'field') expect(hover, where).toBeDefined();
        if (symbol?.definition === false && symbol.space !== 'register')
          expect(definitionAt(snapshot, at), where).not.toEqual([]);
        if (symbol !== undefined)
          expect(referencesAt(snapshot, at, true), where).toContainEqual({ uri: snapshot.uri, line: index, ...span });
        expect(stretchesAt(snapshot, at).length, where).toBeGreaterThan(0);
        signatureAt(snapshot, at);
      }
      offersAt(snapshot, { line: index, column: line.text.length });
    });
  });

  test('what is there is offered there, while its first letter has been typed', () => {
    snapshot.scenario.lines.forEach((line, index) => {
      for (const { span, role, text, symbol, owner, field } of rolesOf(line, VOCABULARY)) {
        // Names and numbers that the author makes up, and texts.
        if (['number', 'string', 'tag', 'bdf'].includes(role) || symbol?.definition === true || field === 'driver')
          continue;
        // Where a name is bound nothing is offered; a header names what it makes.
        if (line.content.kind === 'actor-open' && symbol !== undefined && role === 'symbol' && owner === undefined)
          continue;
        const { offers } = offersAt(snapshot, { line: index, column: span.start + 1 });
        const wanted = role === 'errno' ? `-${text}` : text;
        const label = offers.find(
          (one) => one.label === wanted || one.label === `[${text}]` || one.label === `&${text}`,
        );
        expect(label?.label, `${index + 1}: ${role} ${text}: ${line.text}`).toBeDefined();
      }
    });
  });

  test('every name can have another, and the old one back', () => {
    const found = toEnd(checkingSnapshot(snapshot)).map(({ line, code }) => `${line} ${code}`);
    for (const symbol of symbolsOf(snapshot.scenario, VOCABULARY).all.values()) {
      const [place] = [...symbol.definitions, ...symbol.references];
      const changed = unlessRefused(() => rename(snapshot, place!, 'renamed_here'));
      if (changed === undefined) continue;
      expect(changed.scenario, symbol.id).not.toEqual(snapshot.scenario);
      expect(
        toEnd(checkingSnapshot(changed)).map(({ line, code }) => `${line} ${code}`),
        symbol.id,
      ).toEqual(found);
      const name = snapshot.scenario.lines[place!.line]!.text.slice(place!.span.start, place!.span.end);
      expect(textOf(rename(changed, place!, name)), symbol.id).toBe(textOf(snapshot));
    }
  });

  test('no two colours overlap', () => {
    let last = { line: 0, end: 0 };
    for (const { line, span } of colouredWords(snapshot)) {
      if (line === last.line) expect(span.start, `line ${line + 1}`).toBeGreaterThanOrEqual(last.end);
      last = { line, end: span.end };
    }
  });
});

function textOf({ scenario }: Snapshot): string {
  return scenario.lines.map(({ text }) => text).join('\n');
}

/** The document after a rename, all of whose places are in it. */
function rename(from: Snapshot, { line, span }: TextPlace, newName: string): Snapshot {
  const lines = from.scenario.lines.map(({ text }) => text);
  const places = renamed(from, { line, column: span.start }, newName);
  for (const { uri, line: at, start, end } of [...places].sort((left, right) => right.start - left.start)) {
    expect(uri).toBe(from.uri);
    lines[at] = lines[at]!.slice(0, start) + newName + lines[at]!.slice(end);
  }
  const { uri, version, profile, included } = from;
  return { uri, version, profile, included, scenario: parse(lines.join('\n')) };
}

function unlessRefused<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RenameRefused) return undefined;
    throw error;
  }
}

function open(file: string): Snapshot {
  const scenario = parse(readFileSync(path.join(root, file), 'utf8'));
  const included = new Map<string, IncludedFile>();
  for (const { content } of scenario.lines) {
    if (content.kind !== 'include') continue;
    const other = path.join(root, path.dirname(file), content.text.value);
    included.set(content.text.value, { uri: `file://${other}`, scenario: parse(readFileSync(other, 'utf8')) });
  }
  return { uri: `file:///${file}`, version: 1, scenario, profile: profileFor(scenario, undefined), included };
}
