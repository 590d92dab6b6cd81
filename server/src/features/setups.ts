// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stops of snippets are written like that.
/**
 * Whole set-ups as snippets: the templates of scenarios, with a stop at everything that an author changes. At the top
 * level with the machine and the actors, in `setup` the calls alone.
 */
import {
  type BlockKind,
  type Profile,
  rangeTextContains,
  SCENARIO_TEMPLATES,
  type ScenarioTemplate,
} from '@snoopscope/sim-core';
import type { Offer } from './offers.ts';

/** What an author changes, in the order of the stops; the same stop has the same text everywhere. */
const STOPS: readonly (readonly [RegExp, string])[] = [
  [/(?<=snoop-control=)off/g, '${1|off,on|}'],
  [/\bgpu(?=fd\b|\b)/g, '${2:gpu}'],
  [/(?<=no-snoop=)on/g, '${3|on,off|}'],
  [/(?<=&|\[|memory |MRd |pat )x\b/g, '${4:x}'],
];

/**
 * Those that the kernel has, where they fit: a whole scenario while there is no machine, the calls in `setup`. A scenario that
 * names no kernel yet may have one of the others, with its kernel.
 */
export function setUpOffers(block: BlockKind, hasMachine: boolean, profile: Profile, namesKernel: boolean): Offer[] {
  if (block !== 'setup' && (block !== 'file' || hasMachine)) return [];
  const isNewer = rangeTextContains('v6.6..', profile);
  const isFitting = ({ on }: ScenarioTemplate): boolean => rangeTextContains(on, profile);
  return SCENARIO_TEMPLATES.filter((one) => isFitting(one) || (block === 'file' && !namesKernel)).map(
    (template, index): Offer => {
      const { title, about, text } = template;
      const whole = text.slice(text.indexOf(isFitting(template) ? 'machine {' : 'kernel '));
      const lines = block === 'setup' ? callsOf(text) : whole;
      const named =
        isNewer && isFitting(template) ? lines.replaceAll('KVM_DEV_VFIO_GROUP', 'KVM_DEV_VFIO_FILE') : lines;
      return {
        label: title,
        kind: 'text',
        description: 'set-up',
        snippet: snippetOf(named),
        about: { kind: 'text', text: about },
        rank: 40 + index,
      };
    },
  );
}

function snippetOf(text: string): string {
  const plain = text.replace(/[\\$}]/g, '\\$&');
  return STOPS.reduce((snippet, [place, stop]) => snippet.replace(place, () => stop), plain);
}

/** An editor indents the lines of a snippet as the one where it is put. */
function callsOf(text: string): string {
  const [, calls = ''] = /^setup \{\n([\s\S]*?)\n\}/m.exec(text) ?? [];
  return calls.replace(/^ {2}/gm, '');
}
