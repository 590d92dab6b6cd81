import { blockOfLines, contentsOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

export const recursiveProc: Check = {
  code: 'recursive-proc',
  severity: 'error',
  doc: 'A procedure calls itself, directly or through others. It would never end: repetition is written with `loop` or `repeat`.',
  sources: ['docs/language.md, proc'],
  examples: {
    bad: `proc again(fd) {
  close(fd)
  call again(fd)
}
setup {
  call again(7)
}
`,
    good: `proc again(fd) {
  repeat 3 {
    close(fd)
  }
}
setup {
  call again(7)
}
`,
  },
  *scenario({ scenario }) {
    const calls = new Map<string, { name: string; line: number; span: { start: number; end: number } }[]>();
    const blocks = blockOfLines(scenario);
    for (const { line, content } of contentsOfKind(scenario, 'call')) {
      const caller = blocks[line]?.proc?.name.text;
      if (caller === undefined) continue;
      const called = { name: content.name.text, line, span: content.name.span };
      const known = calls.get(caller);
      if (known === undefined) calls.set(caller, [called]);
      else known.push(called);
    }
    const suspects = leadingToCycle(calls);
    for (const name of suspects) {
      for (const call of calls.get(name) ?? []) {
        if (reaches(calls, call.name, name))
          yield { line: call.line, span: call.span, message: `\`${name}\` calls itself here, and would never end.` };
      }
    }
  },
};

type Calls = ReadonlyMap<string, readonly { readonly name: string }[]>;

/** Procedures from which a cycle can be reached: all but those that call nothing, that call only such, and so on. */
function leadingToCycle(calls: Calls): ReadonlySet<string> {
  const open = new Map([...calls].map(([name, called]) => [name, called.length]));
  const callers = new Map<string, string[]>();
  for (const [caller, called] of calls) {
    for (const { name } of called) {
      const known = callers.get(name);
      if (known === undefined) callers.set(name, [caller]);
      else known.push(caller);
    }
  }
  const ended = [...callers.keys()].filter((name) => !calls.has(name));
  for (const name of ended) {
    for (const caller of callers.get(name) ?? []) {
      const left = open.get(caller)! - 1;
      open.set(caller, left);
      if (left === 0) ended.push(caller);
    }
  }
  return new Set([...open].flatMap(([name, left]) => (left > 0 ? [name] : [])));
}

function reaches(calls: Calls, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(calls.get(name) ?? []).map((call) => call.name));
  }
  return false;
}
