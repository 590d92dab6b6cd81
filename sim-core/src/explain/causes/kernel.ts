/** The chain of a result that is not the declared one. */
import { NOTE } from '../../state/machine.ts';
import { resultText } from '../event-text.ts';
import type { History } from '../history.ts';
import type { Link } from './link.ts';

/** What was declared, what came, and the kernel function that said so. */
export function otherResult(history: History, event: number, node: number, value: number): Link[] {
  const statement = history.model.nodes[node];
  const returned = history.lastBefore(
    event,
    (code, actor, _routine) => code === NOTE.return && actor === history.actorOf(event),
  );
  const refusing = history.refusingRoutine(event, value);
  const links: Link[] = [
    {
      event: Math.max(returned, 0),
      text: `Line ${(statement?.place.line ?? 0) + 1} declares another result than ${resultText(value)}, which ${history.kernelName()} returns.`,
      sources: [],
    },
  ];
  if (refusing) {
    links.push({
      event,
      text: `${refusing.name}() is where it comes from.`,
      sources: [{ document: 'linux', place: `${refusing.source} ${refusing.name}()` }],
    });
  }
  return links;
}
