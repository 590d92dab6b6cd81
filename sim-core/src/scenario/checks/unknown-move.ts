import { contentsOfKind } from '../blocks.ts';
import { ALLOWED, ARRIVAL, CPU_MOVES } from '../machine-words.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacingAt, type Wording } from './check.ts';
import { actorNames } from './undefined-names.ts';

export function noMove(name: string, actors: readonly string[]): Wording {
  const meant = nearest(name, actors);
  const message = `This scenario has no actor or move \`${name}\`${didYouMean(meant)} Actors are ${list(actors, 12)}.`;
  return { message, meant };
}

export const unknownMove: Check = {
  code: 'unknown-move',
  severity: 'error',
  doc: 'A schedule names something that does not move in this scenario: neither an actor nor anything that the environment is allowed to do.',
  sources: ['docs/language.md, schedule'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  hlt
}
schedule vcpu1
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  hlt
}
schedule vcpu0
`,
  },
  *scenario({ scenario, included }) {
    const files = [scenario, ...included];
    const actors = actorNames(files);
    const allowed = new Set(
      files.flatMap((file) => contentsOfKind(file, 'allow').map(({ content }) => content.what.text)),
    );
    const posting = new Set(
      files.flatMap((file) =>
        contentsOfKind(file, 'device').flatMap(({ content }) =>
          content.options.some((o) => o.key.text === 'posted-writes' && o.value.text !== '0')
            ? [content.name.text]
            : [],
        ),
      ),
    );
    const cpuOptions = new Set(
      files.flatMap((file) =>
        contentsOfKind(file, 'cpu').flatMap(({ content }) =>
          content.options.map((o) => `${o.key.text}=${o.value.text}`),
        ),
      ),
    );
    for (const { line, content } of contentsOfKind(scenario, 'schedule')) {
      for (const {
        actor: { text, span },
        args,
      } of content.items) {
        if (args.length === 0 && actors.includes(text)) continue;
        if (args.length > 0 && allowed.has(text)) continue;
        if (args.length > 0 && text === ARRIVAL) {
          if (args.every((device) => posting.has(device.text))) continue;
          yield {
            line,
            span,
            message: `No posted write of ${args[0]?.text} is ever on its way: give the device the option posted-writes=4.`,
          };
          continue;
        }
        const option = args.length > 0 && Object.hasOwn(CPU_MOVES, text) ? CPU_MOVES[text]?.option : undefined;
        if (option !== undefined) {
          if (cpuOptions.has(option)) continue;
          yield { line, span, message: `Nothing moves as \`${text}\` unless the cpu has the option ${option}.` };
          continue;
        }
        if (args.length > 0 && Object.hasOwn(ALLOWED, text)) {
          yield {
            line,
            span,
            message: `The environment may not \`${text}\` in this scenario: add \`allow ${text}\` to the machine block.`,
          };
          continue;
        }
        const { message, meant } = noMove(text, actors);
        yield { line, span, message, ...replacingAt(line, span, meant) };
      }
    }
  },
};
