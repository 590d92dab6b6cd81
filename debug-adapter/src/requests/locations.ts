/** Where a variable is declared, and where its value was written last: looked for when somebody follows the link. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { accessesOf } from '../accesses.ts';
import type { Debuggee } from '../launch.ts';
import { RequestError, StaleRequest } from '../request-error.ts';
import { type Launched, type RequestAnswer, type SessionState, stoppedOf } from '../session-state.ts';
import { lineSpan } from '../source-lines.ts';
import { executedBefore } from '../stop.ts';

export interface LinePlace {
  readonly file: number;
  readonly line: number;
}

/** What the protocol adds to a variable that an expression names: links that are followed later. */
export function locationLinks(
  state: SessionState,
  launched: Launched,
  actor: number,
  expression: string | undefined,
): { declarationLocationReference?: number; valueLocationReference?: number } {
  if (expression === undefined || !/^\[?[A-Za-z_]\w*\]?(?:\.\w+)?$/.test(expression)) return {};
  const declared = declarationOf(launched.debuggee, expression);
  const link = (find: () => LinePlace): number => {
    const id = state.nextReference++;
    launched.links.set(id, find);
    return id;
  };
  return {
    ...(declared && { declarationLocationReference: link(() => declared) }),
    valueLocationReference: link(() => lastWrite(launched, actor, expression) ?? never(expression, declared)),
  };
}

export function locations(state: SessionState, args: { readonly locationReference: number }): RequestAnswer {
  const { launched } = stoppedOf(state);
  const { convert, debuggee, links } = launched;
  const find = links.get(args.locationReference);
  if (!find)
    throw new StaleRequest(`There is no location ${args.locationReference} here: it belongs to an earlier stop.`);
  const place = find();
  const span = lineSpan(debuggee, place);
  const body: DebugProtocol.LocationsResponse['body'] = {
    source: convert.source(place.file),
    line: convert.line(place.line),
    column: convert.column(span.start),
    endLine: convert.line(place.line),
    endColumn: convert.column(span.end),
  };
  return { body };
}

/** A value that nobody has written is that of the declaration. */
function never(expression: string, declared: LinePlace | undefined): LinePlace {
  if (declared) return declared;
  throw new RequestError(`Nobody has written ${expression} up to here: it is as the run began.`);
}

function lastWrite({ cursor, debuggee }: Launched, actor: number, expression: string): LinePlace | undefined {
  const name = debuggee.model.world.topology.actors[actor]?.name ?? '';
  const place = { root: { expression }, actor: name, names: [] };
  const { write } = accessesOf(cursor, place, cursor.position);
  if (!write) return undefined;
  const { actor: writer, node } = cursor.run.step(write.issued);
  if (writer < 0) return undefined;
  const executed = executedBefore(cursor, write.issued + 1, writer);
  return debuggee.model.nodes[executed?.node ?? node]?.place;
}

/** The line that declares a word, a device or an actor, or the call that binds a name. Looked for once for each name. */
function declarationOf(debuggee: Debuggee, expression: string): LinePlace | undefined {
  const [name = ''] = expression.replace(/^\[|\]$/g, '').split('.');
  let known = DECLARATIONS.get(debuggee);
  if (!known) {
    known = new Map();
    DECLARATIONS.set(debuggee, known);
  }
  if (!known.has(name)) known.set(name, declarationNamed(debuggee, name));
  return known.get(name);
}

const DECLARATIONS = new WeakMap<Debuggee, Map<string, LinePlace | undefined>>();

function declarationNamed({ sources }: Debuggee, name: string): LinePlace | undefined {
  const binds = new RegExp(`^\\s*${name}\\s*=(?!=)|=>\\s*${name}\\b`);
  for (const declares of [MACHINE, ACTOR, BINDING] as const) {
    for (const [file, { parsed }] of sources.entries()) {
      const line = parsed.lines.findIndex(({ content, text }) => declares(content, text, name, binds));
      if (line >= 0) return { file, line };
    }
  }
  return undefined;
}

type Declares = (
  content: Debuggee['sources'][number]['parsed']['lines'][number]['content'],
  text: string,
  name: string,
  binds: RegExp,
) => boolean;

const MACHINE: Declares = (content, _, name) =>
  (content.kind === 'memory' && content.names.some(({ text }) => text === name)) ||
  ((content.kind === 'device' || content.kind === 'mdev' || content.kind === 'iommu') && content.name.text === name);

const ACTOR: Declares = (content, _, name) =>
  content.kind === 'actor-open' &&
  (content.actor.kind === 'vcpu'
    ? `vcpu${content.actor.name?.text}`
    : (content.actor.name?.text ?? content.actor.kind)) === name;

const BINDING: Declares = (content, text, _, binds) => content.kind === 'syscall' && binds.test(text);
