/** The only place that knows the protocol's shapes and the client's way of counting. Everything else counts from 0. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { CompletionCandidate } from './completions.ts';
import { baseName } from './file-accessor.ts';
import { FILTERS } from './filters.ts';
import type { KernelSource } from './kernel-source.ts';
import type { Debuggee } from './launch.ts';
import type { Item, Scope } from './scopes/item.ts';
import { lineSpan } from './source-lines.ts';
import type { StackFrame } from './stack.ts';
import type { ExceptionInfo, Stop } from './stop.ts';

/** How the client counts, from its `initialize` request. */
export interface ClientCounting {
  readonly lineBase: 0 | 1;
  readonly columnBase: 0 | 1;
}

export const COUNTS_FROM_ONE: ClientCounting = { lineBase: 1, columnBase: 1 };

/** Frames of a thread are numbered in one integer with it. */
const FRAMES_PER_THREAD = 256;

export function threadId(actor: number, actors: number): number {
  return actor < 0 ? actors + 1 : actor + 1;
}

/** The actor of a thread id; -1 is the environment; undefined when there is no such thread. */
export function actorOfThread(id: number, actors: number, environment: boolean): number | undefined {
  if (id >= 1 && id <= actors) return id - 1;
  return environment && id === actors + 1 ? -1 : undefined;
}

export function frameId(thread: number, index: number): number {
  return thread * FRAMES_PER_THREAD + index;
}

export function frameOfId(id: number): { readonly thread: number; readonly index: number } {
  return { thread: Math.floor(id / FRAMES_PER_THREAD), index: id % FRAMES_PER_THREAD };
}

/** References of the files in a trace begin here; those of kernel pages are below. */
export const FIRST_TRACED = 1 << 20;

/** Conversions for one launched scenario. */
export interface Converter {
  frame(frame: StackFrame, id: number): DebugProtocol.StackFrame;
  source(file: number): DebugProtocol.Source;
  kernelSource(index: number): DebugProtocol.Source;
  /** 0-based line and column to the client's. */
  line(line: number): number;
  column(column: number): number;
}

export function converter(debuggee: Debuggee, counting: ClientCounting): Converter {
  const self: Converter = {
    line: (line) => line + counting.lineBase,
    column: (column) => column + counting.columnBase,

    source(file) {
      const source = debuggee.sources[file];
      return {
        name: source?.name ?? '',
        path: source?.path ?? '',
        ...(debuggee.trace && {
          sourceReference: FIRST_TRACED + file,
          origin: `the trace ${baseName(debuggee.arguments.program)}`,
        }),
      };
    },

    kernelSource(index) {
      const { name = '', path = '' } = debuggee.kernel[index] ?? {};
      return {
        name,
        sourceReference: index + 1,
        origin: `the model of ${path} on ${debuggee.profile.name}`,
        presentationHint: 'normal',
      };
    },

    frame(frame, id) {
      switch (frame.kind) {
        case 'environment':
          return { id, name: 'environment', line: 0, column: 0, presentationHint: 'subtle' };
        case 'kernel': {
          const { routine, failed } = frame;
          const name = failed === undefined ? routine.name : `${routine.name} ${failed}`;
          const index = pageOf(debuggee, frame);
          const page = debuggee.kernel[index];
          if (!page) return { id, name, line: 0, column: 0 };
          const line = lineInPage(page, frame);
          return {
            id,
            name,
            source: self.kernelSource(index),
            line: self.line(line),
            column: self.column(0),
          };
        }
        case 'line': {
          const span = lineSpan(debuggee, frame.place);
          return {
            id,
            name: frame.ended ? `${frame.name} (ended)` : frame.name,
            source: self.source(frame.place.file),
            line: self.line(frame.place.line),
            column: self.column(span.start),
            endLine: self.line(frame.place.line),
            endColumn: self.column(span.end),
          };
        }
      }
    },
  };
  return self;
}

type KernelFrame = Extract<StackFrame, { kind: 'kernel' }>;

/** The index of the page that a frame of the kernel is in, or -1. */
export function pageOf({ kernel }: Debuggee, { routine }: KernelFrame): number {
  return kernel.findIndex(({ path }) => path === routine.source);
}

export function lineInPage(page: KernelSource, { routine, next, callee }: KernelFrame): number {
  return callee ? page.lineOfCall(routine, next, callee) : page.lineOf(routine, next);
}

export function toScope(scope: Scope, variablesReference: number): DebugProtocol.Scope {
  return {
    name: scope.name,
    variablesReference,
    expensive: scope.expensive ?? false,
    ...(scope.presentationHint ? { presentationHint: scope.presentationHint } : {}),
  };
}

export function toVariable(item: Item, variablesReference: number): DebugProtocol.Variable {
  return {
    name: item.name,
    value: item.value,
    variablesReference,
    ...(item.type ? { type: item.type } : {}),
    ...(item.evaluateName ? { evaluateName: item.evaluateName } : {}),
    ...(item.memory ? { memoryReference: item.memory } : {}),
    ...(item.evaluateName === undefined && item.memory === undefined
      ? { presentationHint: { attributes: ['readOnly'] } }
      : {}),
  };
}

export function toStopped(stop: Stop, thread: number): DebugProtocol.StoppedEvent['body'] {
  return {
    reason: stop.reason,
    description: stop.description,
    text: stop.text,
    threadId: thread,
    allThreadsStopped: true,
    ...(stop.breakpoints.length > 0 ? { hitBreakpointIds: [...stop.breakpoints] } : {}),
  };
}

export function toExceptionInfo(explanation: ExceptionInfo): DebugProtocol.ExceptionInfoResponse['body'] {
  // `details.stackTrace` stays empty: VS Code takes the middle of `arch/x86/kvm/x86.c` there for a file of this machine.
  const sources = explanation.sources.length > 0 ? ['Sources:', ...explanation.sources] : [];
  return {
    exceptionId: explanation.id,
    description: [explanation.headline, ...explanation.details, ...sources].join('\n'),
    breakMode: 'always',
    details: { typeName: explanation.label, message: explanation.headline, stackTrace: '' },
  };
}

/** Filters that stop where a call returns, so that its errno can be asked for. */
const RETURNING: ReadonlySet<string> = new Set(['registration', 'failed-call']);

export function exceptionFilters(): DebugProtocol.ExceptionBreakpointsFilter[] {
  return FILTERS.map(({ id, kind, label, doc, stopsByDefault }) => ({
    filter: id,
    label,
    description: doc,
    default: stopsByDefault,
    supportsCondition: true,
    conditionDescription: `For example: ${RETURNING.has(kind.kind) ? 'errno == EEXIST' : 'noncoherent(vm) > 0 && [x] == 1'}`,
  }));
}

const COMPLETION_TYPES = {
  keyword: 'keyword',
  variable: 'variable',
  function: 'function',
  field: 'field',
  value: 'value',
} as const;

export function toCompletion(candidate: CompletionCandidate, counting: ClientCounting): DebugProtocol.CompletionItem {
  const { label, text, detail, kind, start, length } = candidate;
  return {
    label,
    ...(text ? { text } : {}),
    ...(detail ? { detail } : {}),
    type: COMPLETION_TYPES[kind],
    start: start + counting.columnBase,
    length,
  };
}
