// A run of a million events: searches backwards for what has changed a variable, wall and CPU time of each.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from './client.ts';
import { cpuSeconds } from './cpu.ts';

const TEXT = `machine {
  cpu intel
  memory x = 0
  memory y = 0
  memory never = 0
}
host {
  mov [y], 1
  loop {
    mov [x], 1
    mov eax, [x]
    mov [x], 2
    mov ebx, [y]
  }
}
`;
const STEPS = 250_000;

/** What is searched for, each from the end of the run. */
const SEARCHES: readonly { readonly what: string; readonly name: string; readonly more?: object }[] = [
  { what: 'x, written a moment ago; the first search', name: '[x]' },
  { what: 'x again', name: '[x]' },
  { what: 'y, written once, at the beginning', name: '[y]' },
  { what: 'a word that nobody writes', name: '[never]' },
  { what: 'x with a condition that never holds', name: '[x]', more: { condition: '[never] == 1' } },
  { what: 'reads of y', name: '[y]', more: { accessType: 'read' } },
];

export async function million(adapter: string): Promise<{ title: string; rows: string[][]; result: object }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  const program = path.join(folder, 'million.snoop');
  writeFileSync(program, TEXT);
  const child = spawn(process.execPath, [adapter], { stdio: ['pipe', 'pipe', 'inherit'] });
  const client = new Client(child);
  try {
    await client.request('initialize', { adapterID: 'bench' });
    await Promise.all([client.event('initialized'), client.request('launch', { program, maxSteps: STEPS })]);
    await client.move('configurationDone', {});
    await client.move('continue', { threadId: 1 });
    const rows: string[][] = [];
    const result: Record<string, object> = {};
    for (const { what, name, more } of SEARCHES) {
      await client.move('snoopscope/seek', { position: STEPS });
      const { dataId } = await client.request('dataBreakpointInfo', { name });
      await client.request('setDataBreakpoints', { breakpoints: [{ dataId, ...more }] });
      const [start, cpu] = [performance.now(), cpuSeconds(child.pid!)];
      await client.move('reverseContinue', { threadId: 1 });
      const taken = { wall: performance.now() - start, cpu: (cpuSeconds(child.pid!) - cpu) * 1000 };
      rows.push([what, taken.wall.toFixed(0), taken.cpu.toFixed(0)]);
      result[what] = taken;
    }
    return { title: 'milliseconds, reverse over a million events to', rows, result };
  } finally {
    client.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
