// Whatever a client sends, in whatever order: each request has one answer in words, no fault is ours, the session lives on.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { DapClient, type Message, root } from './client.ts';
import { beginning, type Chain, chain, ending, request, type Sent } from './random-requests.ts';

const gallery = readdirSync(path.join(root, 'scenarios'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.snoop'))
  .map((name) => `scenarios/${name.replaceAll('\\', '/')}`)
  .sort();
const programs = [...gallery, 'test/dap/scenarios/procedures.snoop', 'test/dap/scenarios/names.snoop'];
const { seed } = fc.readConfigureGlobal();
/** `FUZZ=20` makes twenty times as many sessions. */
const MORE = Number(process.env.FUZZ ?? 1);
/** Milliseconds after which a session that did not end hangs, on a machine that is busy with other tests as well. */
const LONGEST_SESSION = 120_000;
/** What was sent and came back, printed at the end when more was asked for. */
const total = { sessions: 0, requests: 0, messages: 0 };

afterAll(() => {
  if (MORE > 1) process.stdout.write(`${JSON.stringify(total)}\n`);
});

test.each(programs.map((program, index) => ({ program, index })))(
  '$program',
  { timeout: 300_000 * MORE },
  ({ program, index }) =>
    fc.assert(
      fc.asyncProperty(session(program), async (steps) => {
        const client = new DapClient();
        await client.launch(program, { maxSteps: 1500 });
        await client.run();
        await play(client, program, steps);
      }),
      // Another sequence for each scenario.
      { numRuns: 10 * MORE, timeout: LONGEST_SESSION, ...(seed === undefined ? {} : { seed: seed + index }) },
    ),
);

test('before, around and after a launch', { timeout: 300_000 * MORE }, () =>
  fc.assert(
    fc.asyncProperty(
      fc
        .constantFrom(...programs)
        .chain((program) =>
          fc.tuple(
            fc.constant(program),
            fc.array(fc.oneof(beginning(program), request(program), ending()), { maxLength: 25 }),
          ),
        ),
      ([program, requests]) => play(new DapClient(), program, requests),
    ),
    { numRuns: 200 * MORE, timeout: LONGEST_SESSION },
  ),
);

test(
  'movements that a client sends without waiting lead where a patient client comes',
  { timeout: 300_000 * MORE },
  () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...programs),
        fc.array(movement(), { maxLength: 30 }),
        async (program, moves) => {
          const stops = async (atOnce: boolean): Promise<unknown[]> => {
            const client = new DapClient();
            await client.launch(program, { maxSteps: 500 });
            await client.run();
            const answers: Promise<Message>[] = [];
            for (const { command, args } of moves) {
              const from = client.messages.length;
              const answer = client.send(command, args);
              answers.push(answer);
              if (!atOnce && (await answer).success) await client.until(isMovementOver, from);
            }
            const successes = (await Promise.all(answers)).filter(({ success }) => success).length;
            const count = (): number => client.messages.filter(isMovementOver).length;
            await client.until(() => count() === successes + 1);
            tally(client);
            return client.messages.flatMap(({ event, body }) => (event === 'stopped' ? [body] : []));
          };
          expect(await stops(true)).toEqual(await stops(false));
        },
      ),
      { numRuns: 60 * MORE, timeout: LONGEST_SESSION },
    ),
);

/** A request that moves, of one of the first threads. */
function movement(): fc.Arbitrary<{ readonly command: string; readonly args: object }> {
  const command = fc.constantFrom(
    'next',
    'next',
    'stepIn',
    'stepIn',
    'stepOut',
    'stepBack',
    'continue',
    'reverseContinue',
    'snoopscope/reverseNext',
    'snoopscope/reverseStepIn',
    'snoopscope/reverseStepOut',
  );
  const step = fc.record({ command, args: fc.record({ threadId: fc.integer({ min: 1, max: 3 }) }) });
  const seek = fc.record({
    command: fc.constant('snoopscope/seek'),
    args: fc.record({ position: fc.integer({ min: 0, max: 40 }) }),
  });
  return fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: seek });
}

/** What a user does with a launched scenario, and how they leave it. */
function session(program: string): fc.Arbitrary<(Sent | Chain)[]> {
  const middle = fc.array(fc.oneof({ weight: 2, arbitrary: request(program) }, { weight: 1, arbitrary: chain() }), {
    minLength: 5,
    maxLength: 40,
  });
  return fc
    .tuple(middle, fc.array(ending(), { maxLength: 2 }), fc.array(request(program), { maxLength: 2 }))
    .map((parts) => parts.flat());
}

/** Sends the requests, and looks at what has come back. */
async function play(client: DapClient, program: string, steps: readonly (Sent | Chain)[]): Promise<void> {
  const answers: { readonly sent: Sent; readonly answer: Promise<Message> }[] = [];
  const send = async (sent: Sent): Promise<Message | undefined> => {
    const from = client.messages.length;
    const answer = client.send(sent.command, sent.args);
    answers.push({ sent, answer });
    if (!sent.waits) return undefined;
    const { success } = await answer;
    if (success && MOVES.has(sent.command)) await client.until(isMovementOver, from);
    return answer;
  };
  for (const step of steps) {
    if (step.kind === 'request') await send(step);
    else await CHAINS[step.name](client, program, step.pick);
  }
  for (const { sent, answer } of answers) {
    const { command, success, message, body } = await answer;
    expect(command).toBe(sent.command);
    if (success) continue;
    expect(message).toMatch(/\S.*/);
    expect([sent, message]).toEqual([sent, expect.not.stringContaining('bug of Snoopscope')]);
    expect(body?.error?.format).toBe(message);
  }
  const outputs = client.messages.flatMap(({ event, body }) => (event === 'output' ? [String(body.output)] : []));
  expect(outputs.filter((text) => text.includes('bug of Snoopscope'))).toEqual([]);
  const seen = client.messages.filter(({ type }) => type === 'response').map(({ request_seq }) => request_seq);
  expect(new Set(seen).size).toBe(seen.length);
  expect((await client.send('threads')).type).toBe('response');
  tally(client);
}

function tally({ messages }: DapClient): void {
  total.sessions++;
  total.messages += messages.length;
  total.requests += messages.filter(({ type }) => type === 'response').length;
}

const MOVES: ReadonlySet<string> = new Set([
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'continue',
  'reverseContinue',
  'goto',
  'restartFrame',
  'setExpression',
  'setVariable',
  'writeMemory',
  'snoopscope/seek',
  'snoopscope/reverseNext',
  'snoopscope/reverseStepIn',
  'snoopscope/reverseStepOut',
  'restart',
]);

/** A movement ends with a stop, or with the session. */
function isMovementOver({ event }: Message): boolean {
  return event === 'stopped' || event === 'terminated';
}

interface Identified {
  readonly id: number;
}

type Play = (client: DapClient, program: string, pick: number) => Promise<void>;

/** Each asks for what is there, and takes some of it; where nothing is, as in the middle of a run, that is all. */
const CHAINS: Readonly<Record<Chain['name'], Play>> = {
  /** Opens a scope of a frame of a thread to the bottom. */
  async look(client, _, pick) {
    const scopes = await scopesOf(client, pick);
    const scope = picked(scopes, pick);
    // A movement that was sent before may begin meanwhile: what was to be opened is of an earlier stop then.
    await (scope && client.open(scope.variablesReference, '').catch(expectRefusal));
  },
  async target(client, _, pick) {
    const target = picked<Identified>((await body(client, 'stepInTargets', { frameId: 256 }))?.targets, pick);
    if (target) await moved(client, 'stepIn', { threadId: 1, targetId: target.id });
  },
  async jump(client, program, pick) {
    const found = await body(client, 'gotoTargets', { source: { path: program }, line: 1 + (pick % 60) });
    const target = picked<Identified>(found?.targets, pick);
    if (target) await moved(client, 'goto', { threadId: 1, targetId: target.id });
  },
  /** Watches a variable that it finds, or none any more, and runs to a change. */
  async data(client, _, pick) {
    const scope = picked(await scopesOf(client, pick), pick);
    const variables = scope && (await client.variables(scope.variablesReference).catch(expectRefusal));
    const variable = variables && picked(variables, pick);
    if (!scope || !variable) return;
    const args = { variablesReference: scope.variablesReference, name: variable.name };
    const info = await body(client, 'dataBreakpointInfo', args);
    expect(typeof info?.description).toBe('string');
    const breakpoints = info?.dataId ? [{ dataId: info.dataId }] : [];
    const answer = await body(client, 'setDataBreakpoints', { breakpoints });
    expect(answer?.breakpoints.map(({ verified }: { verified: boolean }) => verified)).toEqual(
      breakpoints.map(() => true),
    );
    await moved(client, pick % 2 === 0 ? 'continue' : 'reverseContinue', { threadId: 1 });
  },
  async branch(client, _, pick) {
    const at = await body(client, 'snoopscope/position', {});
    if (at) await moved(client, 'evaluate', { expression: `branch ${1 + (pick % at.branches)}`, context: 'repl' });
  },
};

async function scopesOf(client: DapClient, pick: number): Promise<readonly { variablesReference: number }[]> {
  const thread = picked<Identified>((await body(client, 'threads', {}))?.threads, pick);
  const frame =
    thread && picked<Identified>((await body(client, 'stackTrace', { threadId: thread.id }))?.stackFrames, pick);
  return (frame && (await body(client, 'scopes', { frameId: frame.id }))?.scopes) ?? [];
}

/** The body of an answer, if the request is not refused. A refusal is in words, and a fault of ours is none. */
async function body(client: DapClient, command: string, args: object): Promise<Message['body'] | undefined> {
  const answer = await client.send(command, args);
  if (!answer.success)
    expect([command, args, answer.message]).toEqual([command, args, expect.not.stringContaining('bug of')]);
  return answer.success ? answer.body : undefined;
}

function expectRefusal(error: unknown): undefined {
  expect(String(error)).toMatch(/is running|earlier stop/);
  return undefined;
}

async function moved(client: DapClient, command: string, args: object): Promise<void> {
  const from = client.messages.length;
  if (await body(client, command, args)) await client.until(isMovementOver, from);
}

function picked<T>(all: readonly T[] | undefined, pick: number): T | undefined {
  return all?.[pick % Math.max(all.length, 1)];
}
