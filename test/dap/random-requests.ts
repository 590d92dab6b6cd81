// Requests for random sessions: right ones, wrong ones, and chains that use what was answered before.
import fc from 'fast-check';
import { addresses, expressions, garbage, integers, references } from './random-values.ts';

export interface Sent {
  readonly kind: 'request';
  readonly command: string;
  readonly args: unknown;
  /** Wait for the answer, and for the stop that it promises, before the next is sent? */
  readonly waits: boolean;
}

/** Requests of which each takes up what the one before has answered, as an editor's views do. */
export interface Chain {
  readonly kind: 'chain';
  readonly name: 'look' | 'target' | 'jump' | 'data' | 'branch';
  /** What is picked of what is offered, by its place. */
  readonly pick: number;
}

/** Requests of a launched session, right and wrong. */
export function request(program: string): fc.Arbitrary<Sent> {
  const threadId = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
    { weight: 1, arbitrary: garbage },
  );
  const frameId = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 }).map((thread) => thread * 256) },
    { weight: 1, arbitrary: garbage },
  );
  const line = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }) }, { weight: 1, arbitrary: garbage });
  const source = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ path: program }) },
    { weight: 1, arbitrary: fc.oneof(garbage, fc.record({ path: garbage }, { requiredKeys: [] })) },
  );
  const trigger = {
    condition: expressions,
    hitCondition: fc.oneof(fc.constantFrom('1', '>= 2', '% 3', '%0'), garbage),
    logMessage: fc.oneof(fc.constantFrom('x is {[x]}', '{}', '{', '{{'), garbage),
  };
  const options = (record: Record<string, fc.Arbitrary<unknown>>, required: string[] = []) =>
    fc.record({ ...record }, { requiredKeys: required });
  const of = (command: string, args: fc.Arbitrary<unknown>) =>
    fc.record({
      kind: fc.constant('request' as const),
      command: fc.constant(command),
      args,
      waits: fc.integer({ min: 0, max: 7 }).map((n) => n > 0),
    });
  const granularity = fc.constantFrom('statement', 'line', 'instruction');
  const step = options(
    {
      threadId,
      granularity,
      singleThread: fc.boolean(),
      targetId: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    },
    ['threadId'],
  );
  const move = options({ threadId, granularity, singleThread: fc.boolean() }, ['threadId']);
  return fc.oneof(
    { weight: 6, arbitrary: of('next', move) },
    { weight: 6, arbitrary: of('stepIn', step) },
    { weight: 3, arbitrary: of('stepOut', move) },
    { weight: 4, arbitrary: of('stepBack', move) },
    { weight: 4, arbitrary: of('continue', move) },
    { weight: 4, arbitrary: of('reverseContinue', move) },
    { weight: 2, arbitrary: of('snoopscope/reverseNext', move) },
    { weight: 2, arbitrary: of('snoopscope/reverseStepIn', move) },
    { weight: 2, arbitrary: of('snoopscope/reverseStepOut', move) },
    { weight: 1, arbitrary: of('snoopscope/numbers', garbage) },
    { weight: 2, arbitrary: of('locations', options({ locationReference: integers })) },
    {
      weight: 2,
      arbitrary: of(
        'disassemble',
        options({
          memoryReference: addresses,
          offset: integers,
          instructionOffset: integers,
          instructionCount: integers,
        }),
      ),
    },
    {
      weight: 2,
      arbitrary: of(
        'setInstructionBreakpoints',
        options({
          breakpoints: fc.array(
            fc.oneof(options({ instructionReference: addresses, offset: integers, ...trigger }), garbage),
            { maxLength: 3 },
          ),
        }),
      ),
    },
    { weight: 2, arbitrary: of('pause', options({ threadId })) },
    { weight: 3, arbitrary: of('stepInTargets', options({ frameId })) },
    { weight: 3, arbitrary: of('gotoTargets', options({ source, line, column: line }, ['source', 'line'])) },
    { weight: 3, arbitrary: of('goto', options({ threadId, targetId: integers })) },
    { weight: 2, arbitrary: of('snoopscope/seek', options({ position: integers, event: integers, finding: garbage })) },
    {
      weight: 2,
      arbitrary: of(
        'snoopscope/picture',
        options({
          picture: fc.oneof(fc.constantFrom('timeline', 'topology', 'memory'), garbage),
          first: integers,
          end: integers,
          cells: integers,
          since: integers,
          chain: fc.oneof(integers, fc.boolean(), garbage),
          filter: fc.oneof(fc.constantFrom('wbinvd', 'gpu'), garbage),
        }),
      ),
    },
    { weight: 2, arbitrary: of('snoopscope/position', garbage) },
    { weight: 2, arbitrary: of('threads', garbage) },
    {
      weight: 3,
      arbitrary: of('stackTrace', options({ threadId, startFrame: integers, levels: integers }, ['threadId'])),
    },
    { weight: 3, arbitrary: of('scopes', options({ frameId })) },
    {
      weight: 4,
      arbitrary: of(
        'variables',
        options(
          {
            variablesReference: fc.oneof(fc.integer({ min: 0, max: 60 }), garbage),
            start: integers,
            count: integers,
            format: options({ hex: fc.boolean() }),
          },
          ['variablesReference'],
        ),
      ),
    },
    {
      weight: 8,
      arbitrary: of(
        'evaluate',
        options({ expression: expressions, frameId, context: fc.constantFrom('repl', 'watch', 'hover', 'clipboard') }, [
          'expression',
        ]),
      ),
    },
    {
      weight: 4,
      arbitrary: of('completions', options({ text: expressions, column: integers, line, frameId }, ['text', 'column'])),
    },
    {
      weight: 3,
      arbitrary: of(
        'setBreakpoints',
        options(
          {
            source,
            breakpoints: fc.oneof(
              fc.array(
                fc.oneof(
                  options({ line, column: line, mode: fc.constantFrom('before', 'after'), ...trigger }, ['line']),
                  garbage,
                ),
                { maxLength: 4 },
              ),
              garbage,
            ),
          },
          ['source'],
        ),
      ),
    },
    {
      weight: 2,
      arbitrary: of(
        'setFunctionBreakpoints',
        options({
          breakpoints: fc.oneof(
            fc.array(
              fc.oneof(
                options(
                  {
                    name: fc.oneof(fc.constantFrom('kvm_tdp_page_fault', 'KVM_CREATE_VM', 'mov', 'wbinvd'), garbage),
                    ...trigger,
                  },
                  ['name'],
                ),
                garbage,
              ),
              { maxLength: 3 },
            ),
            garbage,
          ),
        }),
      ),
    },
    {
      weight: 2,
      arbitrary: of(
        'setExceptionBreakpoints',
        options({
          filters: fc.oneof(
            fc.array(
              fc.oneof(fc.constantFrom('stale-read', 'wbinvd-exit', 'group-registration', 'failed-call'), garbage),
              {
                maxLength: 3,
              },
            ),
            garbage,
          ),
          filterOptions: fc.oneof(
            fc.array(
              fc.oneof(
                options({ filterId: fc.constantFrom('stale-read', 'group-registration'), condition: expressions }),
                garbage,
              ),
              { maxLength: 2 },
            ),
            garbage,
          ),
        }),
      ),
    },
    {
      weight: 3,
      arbitrary: of(
        'dataBreakpointInfo',
        options(
          { name: expressions, variablesReference: integers, frameId, asAddress: fc.boolean(), bytes: integers },
          ['name'],
        ),
      ),
    },
    {
      weight: 3,
      arbitrary: of(
        'setDataBreakpoints',
        options({
          breakpoints: fc.oneof(
            fc.array(
              fc.oneof(
                options(
                  {
                    dataId: fc.oneof(
                      fc.constantFrom(
                        '["expression","[x]",""]',
                        '["scope","VM","","vm"]',
                        '["scope","Memory","","x"]',
                        '["scope","Caches","","cpu0","x"]',
                        '["scope","Nothing","","x"]',
                        '["expression","exits(vcpu0, WBINVD)","vcpu0"]',
                        '[]',
                        '{}',
                        '["scope"]',
                      ),
                      garbage,
                    ),
                    accessType: fc.constantFrom('read', 'write', 'readWrite'),
                    condition: expressions,
                    hitCondition: garbage,
                  },
                  ['dataId'],
                ),
                garbage,
              ),
              { maxLength: 3 },
            ),
            garbage,
          ),
        }),
      ),
    },
    { weight: 1, arbitrary: of('breakpointLocations', options({ source, line, endLine: line }, ['source', 'line'])) },
    { weight: 1, arbitrary: of('exceptionInfo', options({ threadId })) },
    { weight: 1, arbitrary: of('loadedSources', garbage) },
    {
      weight: 2,
      arbitrary: of(
        'source',
        options({ sourceReference: integers, source: fc.oneof(garbage, options({ sourceReference: integers })) }),
      ),
    },
    {
      weight: 1,
      arbitrary: of('setVariable', options({ variablesReference: integers, name: expressions, value: garbage })),
    },
    {
      weight: 2,
      arbitrary: of('setExpression', options({ expression: expressions, value: fc.oneof(fc.constant('3'), garbage) })),
    },
    {
      weight: 2,
      arbitrary: of(
        'readMemory',
        options({ memoryReference: references, offset: integers, count: integers }, ['memoryReference', 'count']),
      ),
    },
    {
      weight: 2,
      arbitrary: of(
        'writeMemory',
        options({ memoryReference: references, offset: integers, data: fc.oneof(fc.constant('AQAAAA=='), garbage) }, [
          'memoryReference',
          'data',
        ]),
      ),
    },
    { weight: 2, arbitrary: of('restartFrame', options({ frameId })) },
    { weight: 2, arbitrary: of('snoopscope/who', options({ name: expressions, frameId })) },
    { weight: 2, arbitrary: of('cancel', options({ requestId: integers, progressId: garbage })) },
    {
      weight: 2,
      arbitrary: of(
        'restart',
        options({
          arguments: fc.oneof(
            fc.constant({ program }),
            options({ program: garbage, kernel: fc.oneof(fc.constantFrom('v3.13', 'v5.11', 'v6.8', 'v9.9'), garbage) }),
          ),
        }),
      ),
    },
    { weight: 1, arbitrary: of('configurationDone', garbage) },
    { weight: 1, arbitrary: of('launch', options({ program: fc.oneof(fc.constant(program), garbage) })) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('request' as const),
        command: fc.oneof(
          fc.string({ maxLength: 10 }),
          fc.constantFrom('toString', '__proto__', 'attach', 'readMemory', 'disassemble'),
        ),
        args: garbage,
        waits: fc.boolean(),
      }),
    },
  );
}

/** Requests that begin a session, also twice and too late. */
export function beginning(program: string): fc.Arbitrary<Sent> {
  const sent = (command: string, args: unknown): fc.Arbitrary<Sent> =>
    fc.boolean().map((waits) => ({ kind: 'request', command, args, waits }));
  return fc.oneof(
    { weight: 3, arbitrary: sent('initialize', { adapterID: 'x' }) },
    { weight: 1, arbitrary: sent('initialize', { adapterID: 'x', linesStartAt1: false, columnsStartAt1: 'no' }) },
    { weight: 3, arbitrary: sent('launch', { program, stopOnEntry: false, maxSteps: 500 }) },
    { weight: 1, arbitrary: sent('launch', { program, noDebug: true, maxSteps: 500 }) },
    { weight: 1, arbitrary: sent('launch', { program, stopOnFinding: 'stale-read', maxSteps: 500 }) },
    { weight: 1, arbitrary: sent('launch', { program: 'none.snoop' }) },
    { weight: 3, arbitrary: sent('configurationDone', {}) },
    { weight: 1, arbitrary: sent('disconnect', {}) },
  );
}

export function chain(): fc.Arbitrary<Chain> {
  const name = fc.constantFrom<Chain['name'][]>('look', 'look', 'target', 'jump', 'data', 'branch');
  return fc.record({ kind: fc.constant('chain' as const), name, pick: fc.nat(1000) });
}

/** What ends a session, with whatever arguments. */
export function ending(): fc.Arbitrary<Sent> {
  return fc.record({
    kind: fc.constant('request' as const),
    command: fc.constantFrom('terminate', 'disconnect'),
    args: garbage,
    waits: fc.boolean(),
  });
}
