/** The chain of a result that is not the declared one. */
import { NOTE } from '../../state/machine.ts';
import { andList, resultText } from '../event-text.ts';
import { errnoText, type FailedCall, failedCall, failedCallText, failedResult } from '../failed-call.ts';
import type { History } from '../history.ts';
import { ObjectNames } from '../object-names.ts';
import type { Link } from './link.ts';

/** What was declared, what came, and the kernel function that said so. */
export function otherResult(history: History, event: number, node: number, value: number): Link[] {
  const statement = history.model.nodes[node];
  const returned = history.lastBefore(
    event,
    (code, actor, _routine) => code === NOTE.return && actor === history.actorOf(event),
  );
  const failed = failedResult(history.model, history.log, event, new ObjectNames(history.run));
  const links: Link[] = [
    {
      event: Math.max(returned, 0),
      text: `Line ${(statement?.place.line ?? 0) + 1} declares another result than ${resultText(value)}, which ${history.kernelName()} returns.`,
      sources: [],
    },
  ];
  return failed ? [...links, ...failureLinks(history, failed)] : links;
}

/** Descriptors of a call that are -1 because the call which was to open them failed: where, and why. */
export function unopenedLinks(history: History, done: number): Link[] {
  const { log, model } = history;
  const lineOf = (event: number): string => {
    const { place } = model.nodes[history.operand(event, 2)] ?? {};
    return (place && model.sources[place.file]?.parsed.lines[place.line]?.text) ?? '';
  };
  // The name that the call itself binds is -1 as well.
  const [, used = ''] = /^(?:\s*\w+\s*=)?(.*)$/s.exec(lineOf(done)) ?? [];
  const names = [...model.names].filter(
    ([name, slot]) => new RegExp(`(?<!=>\\s*)\\b${name}\\b`).test(used) && history.valueAt(slot, done) < 0,
  );
  return names.flatMap(([name]): Link[] => {
    const binds = new RegExp(`^\\s*${name}\\s*=|=>\\s*${name}\\b`);
    const failed = history
      .collect(0, done, NOTE.done)
      .findLast((event) => binds.test(lineOf(event)) && history.operand(event, 3) < 0);
    const call = failed === undefined ? undefined : failedCall(model, log, failed, new ObjectNames(history.run));
    if (failed === undefined || !call) return [];
    const text = `${name} is -1 since ${errnoText(call.value)}: ${failedCallText(call)} (${history.placeText(failed)}).`;
    const { name: routine, source } = call.checks[0].place;
    return [{ event: failed, text, sources: [{ document: 'linux', place: `${source} ${routine}()` }] }];
  });
}

/** The checks of a failed call, the one that decided first, and the functions that handed the errno up. */
export function failureLinks(history: History, { value, checks, through }: FailedCall): Link[] {
  const links = checks.map(
    ({ event, errno, place, found }, i): Link => ({
      event,
      text: `${place.name}() found ${found}: ${errnoText(errno)}${i > 0 ? ' in place of it' : ''} (${history.placeText(event)}).`,
      sources: [{ document: 'linux', place: `${place.source} ${place.name}()` }],
    }),
  );
  if (through.length === 0) return links;
  return [
    ...links,
    {
      event: checks.at(-1)?.event ?? 0,
      text: `${andList(through.map(({ name }) => `${name}()`))} handed ${errnoText(value)} up.`,
      sources: through.map(({ name, source }) => ({ document: 'linux', place: `${source} ${name}()` })),
    },
  ];
}
