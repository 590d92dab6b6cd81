/** Requests for pictures of the run: records of sim-core, which a client draws. */
import {
  type CursorPlace,
  findingFrom,
  memoryPicture,
  type Run,
  RunIndex,
  timeline,
  topologyPicture,
} from '@snoopscope/sim-core';
import { RequestError, StaleRequest } from '../request-error.ts';
import { type Launched, type RequestAnswer, type SessionState, stoppedOf } from '../session-state.ts';

interface PictureArguments {
  readonly picture: string;
  /** Of a timeline: steps to show, and into how many cells those that have too much in them are counted. */
  readonly first?: number;
  readonly end?: number;
  readonly cells?: number;
  readonly filter?: string;
  /** Of a timeline: the finding to explain, by its event; true for the one that the run has just come to. */
  readonly chain?: number | boolean;
  /** Of topology and memory: changes since this position are marked. */
  readonly since?: number;
}

type Draw = (state: SessionState, launched: Launched, args: PictureArguments) => Promise<object>;

const PICTURES: Readonly<Record<string, Draw>> = {
  timeline: drawTimeline,
  topology: (_, launched, args) =>
    Promise.resolve(topologyPicture(placeOf(launched), launched.cursor.names, since(args))),
  memory: (_, launched, args) => Promise.resolve(memoryPicture(placeOf(launched), launched.cursor.names, since(args))),
};

/** A picture of the run at the stop. One that is asked for while an older one is computed takes its place. */
export async function picture(state: SessionState, args: PictureArguments): Promise<RequestAnswer> {
  const { launched } = stoppedOf(state);
  const draw = Object.hasOwn(PICTURES, args.picture) ? PICTURES[args.picture] : undefined;
  if (!draw)
    throw new RequestError(
      `There is no picture \`${args.picture}\` of a run; there are ${Object.keys(PICTURES).join(', ')}.`,
    );
  return { body: { picture: await draw(state, launched, args) } };
}

/** The position just after an event, or at a finding: what a seek may name instead of a position. */
export async function positionNamed(
  state: SessionState,
  args: { readonly event?: unknown; readonly finding?: unknown },
): Promise<number> {
  const { launched } = stoppedOf(state);
  const { run, position } = launched.cursor;
  if (args.event !== undefined) {
    const { event } = args;
    if (typeof event !== 'number' || !Number.isInteger(event) || event < 0 || event >= run.events)
      throw new RequestError(`There is no event ${String(event)}: the run has ${run.events}, and events count from 0.`);
    return run.stepOfEvent(event) + 1;
  }
  if (args.finding !== 'next' && args.finding !== 'previous')
    throw new RequestError('Say where to: with `position`, `event`, or `finding` as "next" or "previous".');
  const index = await indexOf(state, launched, '');
  const step = findingFrom(index, position, args.finding === 'next');
  if (step === undefined)
    throw new RequestError(
      args.finding === 'next'
        ? 'Nothing is found later in what is recorded of this run. Continue to run on.'
        : 'Nothing was found before this place.',
    );
  return step + 1;
}

async function drawTimeline(state: SessionState, launched: Launched, args: PictureArguments): Promise<object> {
  const index = await indexOf(state, launched, args.filter ?? '');
  const { position } = launched.cursor;
  const { first, end, cells } = args;
  const chain = args.chain === true ? findingAt(index, position) : args.chain === false ? undefined : args.chain;
  if (chain !== undefined && !isFinding(index, chain)) throw new RequestError(`Event ${chain} is not a finding.`);
  return timeline(index, {
    cursor: position,
    ...(first !== undefined && { first }),
    ...(end !== undefined && { end }),
    ...(cells !== undefined && { cells }),
    ...(chain !== undefined && { chain }),
  });
}

/** The finding in the step that has just been made. */
function findingAt({ findings }: RunIndex, position: number): number | undefined {
  const row = findings.lowerBound(position - 1);
  return row < findings.size && findings.at(row, 0) === position - 1 ? findings.at(row, 1) : undefined;
}

function isFinding({ findings, run }: RunIndex, event: number): boolean {
  if (event < 0 || event >= run.events) return false;
  for (let row = findings.lowerBound(run.stepOfEvent(event)); row < findings.size; row++) {
    if (findings.at(row, 1) === event) return true;
    if (findings.at(row, 1) > event) return false;
  }
  return false;
}

/** What is indexed of a run, with the last filter. A run that is left is forgotten with its index. */
const indices = new WeakMap<Run, { plain: RunIndex; filtered: RunIndex }>();

/** The index of the whole run as it is now; in slices, and given up when the user has moved on. */
async function indexOf(state: SessionState, launched: Launched, filter: string): Promise<RunIndex> {
  const { run } = launched.cursor;
  const { stop } = launched;
  const known = indices.get(run) ?? newIndices(run);
  const wanted = filter.trim().toLowerCase();
  if (wanted !== '' && known.filtered.filter !== wanted) known.filtered = new RunIndex(run, wanted);
  const index = wanted === '' ? known.plain : known.filtered;
  for (const _ of index.extending()) {
    await state.pause();
    if (launched.stop !== stop || state.launched !== launched)
      throw new StaleRequest('The run has moved on while the picture was computed.');
    if (wanted !== '' && known.filtered !== index) throw new StaleRequest('Another filter has taken its place.');
  }
  return index;
}

function newIndices(run: Run): { plain: RunIndex; filtered: RunIndex } {
  const plain = new RunIndex(run);
  const both = { plain, filtered: plain };
  indices.set(run, both);
  return both;
}

function placeOf({ cursor }: Launched): CursorPlace {
  return { run: cursor.run, state: cursor.state, position: cursor.position };
}

function since({ since: position }: PictureArguments): { since?: number } {
  return position === undefined ? {} : { since: position };
}
