import { linesOf } from '../blocks.ts';
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
    for (const block of scenario.blocks) {
      if (block.proc === undefined) continue;
      const called = [...linesOf(block.items)].flatMap((line) => {
        const content = scenario.lines[line]!.content;
        return content.kind === 'call' ? [{ name: content.name.text, line, span: content.name.span }] : [];
      });
      calls.set(block.proc.name.text, called);
    }
    for (const [name, called] of calls) {
      for (const call of called) {
        if (reaches(calls, call.name, name, new Set()))
          yield { line: call.line, span: call.span, message: `\`${name}\` calls itself here, and would never end.` };
      }
    }
  },
};

function reaches(
  calls: ReadonlyMap<string, readonly { name: string }[]>,
  from: string,
  to: string,
  seen: Set<string>,
): boolean {
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(calls.get(name) ?? []).map((call) => call.name));
  }
  return false;
}
