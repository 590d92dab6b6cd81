/** The chain of a result that is not the declared one. */
import { NOTE } from '../../state/machine.ts';
import { andList, resultText } from '../event-text.ts';
import { errnoText, type FailedCall, failedResult } from '../failed-call.ts';
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
