/**
 * Trace files: a run, with the branches that a debugger's user began, in a file that needs no other, `*.snooptrace`.
 *
 * A line of JSON, the header, ends with a line feed. The rest is the block: the events, 16 bytes each, little-endian, as
 * one zlib stream (RFC 1950); those of the run, then those that each branch has of its own. A file that was cut off or changed is refused, and so is one of another format version.
 * Compressing is the host's business, so that nothing here depends on one. The schema is in docs/traces.md.
 */

import { counted } from '../../counted.ts';
import { isRecord } from '../../is-record.ts';
import { ascii, bytesOf, byteText, Digest, fromLittleEndian, littleEndian } from '../../state/bytes.ts';
import { EVENT_WIDTH } from '../../state/event.ts';
import { shapeProblem } from './header-shape.ts';

/** What the name of a trace file ends in. */
export const TRACE_EXTENSION = '.snooptrace';

/** Raised when an older Snoopscope could not read the file. */
export const TRACE_FORMAT = 2;

/** The oldest version that still opens: version 1 had no branches. */
const OLDEST_FORMAT = 1;

/** Bytes of an event in the block. */
const EVENT_BYTES = 4 * EVENT_WIDTH;

/** A file that a scenario includes, by its path relative to the scenario. Without a text it is the scenario itself. */
export interface TraceInclude {
  readonly path: string;
  readonly text?: string;
}

/** The kernel that ran: the changes say what it does, name and version only what it is called and where ranges have it. */
export interface TraceKernel {
  readonly name: string;
  readonly version: string;
  readonly mainline: boolean;
  readonly release?: string;
  readonly changes: readonly string[];
}

/** How the run ended. `open`: it was saved before it ended. */
export type TraceEnd = 'completed' | 'stuck' | 'limit' | 'open';

/** How far a run of the trace goes. */
export interface TracePart {
  /** Every move after setup, `qemu*4 vcpu0`; of a branch, every move of its own after its changes. */
  readonly schedule: string;
  /** Position at which a debugger shows it. */
  readonly cursor: number;
  readonly steps: number;
  /** Of a branch, those of its own. */
  readonly events: number;
  readonly end: TraceEnd;
}

/** A run that parts from another one. */
export interface TraceBranch extends TracePart {
  /** The branch that it parts from: 1 is the run itself, 2 the first of `branches`. */
  readonly from: number;
  /** Micro-steps that both have in common. */
  readonly after: number;
  /** What was set by hand as the first step of its own: slots and their values. */
  readonly changes?: readonly (readonly [slot: number, value: number])[];
}

export interface TraceHeader extends TracePart {
  /** Program and version that wrote the file. */
  readonly writtenBy: string;
  readonly scenario: { readonly name: string; readonly text: string };
  readonly includes: readonly TraceInclude[];
  /** What `snoopscope.json` named when the run was made. */
  readonly namedKernels: Readonly<Record<string, string>>;
  readonly kernel: TraceKernel;
  /** What a count in a schedule counts. */
  readonly granularity: 'micro';
  /** Identifies what the numbers in events stand for, see `layoutDigest`. Older files have none. */
  readonly layout?: string;
  /** In the order in which they were begun. */
  readonly branches: readonly TraceBranch[];
  /** The branch in which a debugger opens the trace, from 1. */
  readonly branch: number;
}

/** A header and the events that belong to it, those of all branches, `EVENT_WIDTH` integers each. */
export interface Trace {
  readonly header: TraceHeader;
  readonly log: Int32Array;
}

/** A file that cannot be opened as a trace; the message says why and what to do. */
export class TraceProblem extends Error {
  override readonly name = 'TraceProblem';
}

/** A trace file of which the block is still to be inflated. */
export interface PackedTrace {
  readonly header: TraceHeader;
  /** The block as it is in the file. */
  readonly block: Uint8Array;
  /** How many bytes it inflates to; another number means damage. */
  readonly inflatedBytes: number;
  /** The trace, given the inflated block. Throws a {@link TraceProblem} unless the file is whole. */
  readonly withBlock: (inflated: Uint8Array) => Trace;
}

/** A branch of a trace, from 1: the run itself is the first. Undefined when there is none of that number. */
export function branchOf({ branches, ...run }: TraceHeader, number: number): TracePart | TraceBranch | undefined {
  return number === 1 ? run : branches[number - 2];
}

/** Index of the first event that a branch has of its own. */
export function firstEventOf({ events, branches }: TraceHeader, number: number): number {
  if (number === 1) return 0;
  return branches.slice(0, number - 2).reduce((sum, branch) => sum + branch.events, events);
}

/** The block of a trace before it is deflated. */
export function traceBlock({ log }: Trace): Uint8Array {
  return littleEndian(log);
}

/** The whole file, given the deflated block. */
export function encodeTrace({ header, log }: Trace, deflated: Uint8Array): Uint8Array {
  const fields = { ...header, block: deflated.length };
  const line = bytesOf(
    `${ascii(JSON.stringify({ snooptrace: TRACE_FORMAT, digest: digestOf(fields, littleEndian(log)), ...fields }))}\n`,
  );
  const bytes = new Uint8Array(line.length + deflated.length);
  bytes.set(line);
  bytes.set(deflated, line.length);
  return bytes;
}

/** Reads the header. Throws a {@link TraceProblem} unless it is a trace of this format version. */
export function decodeTrace(bytes: Uint8Array): PackedTrace {
  if (bytes.length === 0) throw new TraceProblem('The file is empty: there is no trace in it.');
  if (!MAGIC.every((byte, i) => bytes[i] === byte))
    throw new TraceProblem('This is not a trace: `snoopscope run --save` writes files that begin with {"snooptrace":.');
  demandVersion(bytes);
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0) throw damaged('it ends within its header');
  const { snooptrace, digest, block: blockBytes, ...written } = headerOf(bytes.subarray(0, end));
  const header = upgraded(written) as unknown as TraceHeader;
  const block = bytes.subarray(end + 1);
  const missing = Number(blockBytes) - block.length;
  if (missing > 0) throw damaged(`${bytesAre(missing)} missing at its end`);
  if (missing < 0) throw damaged(`${bytesAre(-missing)} too many at its end`);
  const events = firstEventOf(header, header.branches.length + 2);
  return {
    header,
    block,
    inflatedBytes: events * EVENT_BYTES,
    withBlock(inflated) {
      if (inflated.length !== events * EVENT_BYTES) throw brokenBlock();
      if (digestOf({ ...written, block: blockBytes }, inflated) !== digest)
        throw damaged('its digest is not that of its content');
      return { header, log: fromLittleEndian(inflated, Int32Array, events * EVENT_WIDTH) };
    },
  };
}

/** The block does not inflate, or not to what the header says. */
export function brokenBlock(): TraceProblem {
  return damaged('its block of events does not unpack to what its header says');
}

const MAGIC = bytesOf('{"snooptrace":');
const LINE_FEED = 10;
/** Digits that a format version can have. */
const VERSION_DIGITS = 9;

/** Asked first: of a header in another format nothing else can be said. */
function demandVersion(bytes: Uint8Array): void {
  const [, digits] = /^(\d+)[,}]/.exec(byteText(bytes.subarray(MAGIC.length, MAGIC.length + VERSION_DIGITS + 1))) ?? [];
  if (digits === undefined) throw damaged('its header has no format version');
  const version = Number(digits);
  if (version >= OLDEST_FORMAT && version <= TRACE_FORMAT) return;
  const wayOut =
    version > TRACE_FORMAT
      ? 'Update Snoopscope to open it.'
      : 'Save it again from its scenario; this version does not convert it.';
  throw new TraceProblem(
    `The trace has format version ${version}, and this version of Snoopscope reads ${OLDEST_FORMAT} to ${TRACE_FORMAT}. ${wayOut}`,
  );
}

function headerOf(line: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(byteText(line));
  } catch {
    throw damaged('its header is not JSON');
  }
  const problem = shapeProblem(isRecord(header) ? upgraded(header) : header);
  if (problem !== undefined) throw damaged(problem);
  return header as Readonly<Record<string, unknown>>;
}

/** A header as this version writes it. */
function upgraded(header: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  // Version 1 had one run and no more.
  return { branches: [], branch: 1, ...header };
}

function digestOf(header: object, block: Uint8Array): string {
  const digest = new Digest();
  digest.add(bytesOf(ascii(JSON.stringify(header))));
  digest.add(block);
  return [...digest.bytes()].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesAre(number: number): string {
  return `${counted(number, 'byte')} ${number === 1 ? 'is' : 'are'}`;
}

function damaged(why: string): TraceProblem {
  return new TraceProblem(`The trace is damaged: ${why}. Get another copy, or save it again from its scenario.`);
}
