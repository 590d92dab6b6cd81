/** What the tables of the simulator offer on a kernel: ops, constants, errnos, words, options, facts. */
import {
  type BlockKind,
  CONSTANTS,
  ERRNOS,
  FACTS,
  FILE_KINDS,
  FINDINGS,
  INNER_WORDS,
  LANGUAGE_WORDS,
  MACHINE_WORD_DOCS,
  type MachineOption,
  type NamedKernels,
  type Op,
  type OptionOwner,
  type OptionSpec,
  PROFILES,
  type Profile,
} from '@snoopscope/sim-core';
import { KEYWORD_SNIPPETS } from './keyword-snippets.ts';
import type { Offer } from './offers.ts';
import { PREFERRED } from './preferred.ts';
import { inLanguage, isIn, page } from './record-markdown.ts';
import { literal } from './snippets.ts';

export function opOffer(op: Op, profile: Profile): Omit<Offer, 'rank'> {
  const absent = !isIn(op.on, profile);
  const operands = op.kind === 'ioctl' ? '' : op.operands.map(({ name }) => name).join(', ');
  return {
    label: op.name,
    kind: op.kind === 'ioctl' ? 'request' : op.kind === 'syscall' ? 'call' : 'instruction',
    ...(operands !== '' && { detail: ` ${operands}` }),
    description: absent ? `${op.on}, not ${profile.name}` : (op.files ?? []).map((kind) => FILE_KINDS[kind]).join(', '),
    about: { kind: 'op', op: op.kind, name: op.name },
    absent,
  };
}

export function keywordOffers(block: BlockKind): Offer[] {
  return LANGUAGE_WORDS.filter(({ blocks }) => blocks.includes(block)).map(
    ({ word }): Offer => ({
      label: word,
      kind: 'keyword',
      snippet: KEYWORD_SNIPPETS[`${block} ${word}`] ?? KEYWORD_SNIPPETS[word] ?? literal(word),
      about: { kind: 'keyword', name: word },
      rank: 1,
    }),
  );
}

/** Words inside lines: `of`, `on`, `or`, `micro`, and signs that join conditions. */
export function innerWords(...words: readonly string[]): Offer[] {
  return words.map((label, rank): Offer => {
    const word = INNER_WORDS.find((one) => one.word === label);
    const about = word && { kind: 'text' as const, text: page(word.doc, inLanguage(word.section)) };
    return {
      label,
      kind: 'keyword',
      snippet: `${label}${label === 'or' ? ' {' : ' $0'}`,
      ...(about && { about }),
      rank,
    };
  });
}

/** The constants of a set; those that the kernel does not have last. */
export function constantOffers(set: string | undefined, profile: Profile, before = ''): Offer[] {
  const family = set === 'kvm-vfio-attr' ? /group=(KVM_DEV_VFIO_(?:GROUP|FILE))\b/.exec(before)?.[1] : undefined;
  return CONSTANTS.filter((constant) => constant.set === set).map((constant, index): Offer => {
    const absent = !isIn(constant.on, profile);
    const other = family !== undefined && !constant.name.startsWith(`${family}_`) ? OTHER_FAMILY : 0;
    const first = constant.name === PREFERRED[set ?? ''] ? -1 : 0;
    return {
      label: constant.name,
      kind: 'constant',
      description: absent ? `${constant.on}, not ${profile.name}` : (constant.on ?? ''),
      about: { kind: 'constant', name: constant.name },
      absent,
      // Beside a group that is written its own attributes are meant, whatever the kernel has.
      rank:
        1 +
        first * (index + 1) +
        (absent && (family === undefined || other > 0) ? ABSENT : other) +
        Math.min(index, OTHER_FAMILY - 1),
    };
  });
}

/** `0` and the errnos of the call, as strace prints them; of a call that lists none, every errno there is. */
export function resultOffers(op: Op | undefined, profile: Profile, predicted: readonly string[] = []): Offer[] {
  const listed = op?.errnos ?? [];
  const rows = listed.length === 0 ? ERRNOS : ERRNOS.filter(({ name }) => listed.some((row) => row.name === name));
  const success: Offer = { label: '0', kind: 'value', description: 'success', rank: 0 };
  const offers = [
    success,
    ...rows.map(({ name, text }): Offer => {
      const absent = listed.length > 0 && !listed.some((row) => row.name === name && isIn(row.on, profile));
      return {
        label: `-${name}`,
        kind: 'errno',
        description: absent ? `${text}, not on ${profile.name}` : text,
        about: { kind: 'errno', name, ...(op && { of: { op: op.kind, name: op.name } }) },
        absent,
        rank: absent ? 2 : 1,
      };
    }),
  ];
  const others = predicted.filter((label) => offers.every((offer) => offer.label !== label));
  return [...offers, ...others.map((label): Offer => ({ label, kind: 'value', rank: 1 }))].map((offer) =>
    predicted.includes(offer.label)
      ? { ...offer, description: `what it returns on ${profile.name}`, rank: 0 }
      : { ...offer, rank: offer.rank + 1 },
  );
}

export function relationOffers(): Offer[] {
  return ['==', '!=', '<', '<=', '>', '>='].map(
    (label, rank): Offer => ({ label, kind: 'keyword', snippet: `${label} \${1:1}`, rank }),
  );
}

export function machineOptionOffers(owner: OptionOwner, options: readonly MachineOption[]): Offer[] {
  return options.map(
    (option): Offer => ({
      label: option.key,
      kind: 'option',
      detail: `=${typeof option.values === 'string' ? option.values : option.values.join('|')}`,
      ...(option.required && { description: 'required' }),
      snippet: `${option.key}=${typeof option.values === 'string' ? '$0' : `\${1|${option.values.join(',')}|}`}`,
      about: { kind: 'option', owner, name: option.key },
      rank: option.required ? 0 : 1,
    }),
  );
}

export function opOptionOffers(options: readonly OptionSpec[]): Offer[] {
  return options.map(
    (option): Offer => ({
      label: option.name,
      kind: 'option',
      detail: `=${typeof option.values === 'string' ? option.values : option.values.join('|')}`,
      snippet: `${option.name}=$0`,
      about: { kind: 'text', text: option.doc },
      rank: option.required ? 0 : 1,
    }),
  );
}

export function factOffers(rank: number): Offer[] {
  return FACTS.map(({ name, params }): Offer => {
    const stops = params.map((param, index) => `\${${index + 1}:${param.name}}`).join(', ');
    const detail = `(${params.map((param) => param.name).join(', ')})`;
    return {
      label: name,
      kind: 'fact',
      detail,
      snippet: `${literal(name)}(${stops})`,
      about: { kind: 'fact', name },
      rank,
    };
  });
}

export function findingOffers(rank: number): Offer[] {
  return FINDINGS.map((name): Offer => ({ label: name, kind: 'finding', about: { kind: 'finding', name }, rank }));
}

/** Every kernel: those that the workspace names, then mainline releases, the newest first; ranges have these as their ends. */
export function versionOffers(named: NamedKernels = new Map()): Offer[] {
  const own = [...named].map(
    ([label, definition]): Offer => ({
      label,
      kind: 'version',
      description: `${definition}, as snoopscope.json names it`,
      rank: 0,
    }),
  );
  const known = PROFILES.map(
    ({ name, doc }, index): Offer => ({
      label: name,
      kind: 'version',
      description: doc === `Linux ${name}` ? '' : doc,
      about: { kind: 'profile', name },
      rank: PROFILES.length - index + (MAINLINE.test(name) ? 0 : PROFILES.length),
    }),
  );
  return [...own, ...known];
}

export function machineWordOffers(of: 'cpu-vendor' | 'iommu-driver' | 'allowed'): Offer[] {
  const words = MACHINE_WORD_DOCS[of === 'cpu-vendor' ? 'cpu' : of === 'iommu-driver' ? 'iommu' : 'allow'];
  return Object.entries(words).map(
    ([label, { doc, source }], rank): Offer => ({
      label,
      kind: of === 'allowed' ? 'keyword' : 'value',
      about: { kind: 'text', text: page(doc, `**Source** ${source}`) },
      rank,
    }),
  );
}

export function valueOffers(labels: readonly string[]): Offer[] {
  return labels.map((label, rank): Offer => ({ label, kind: 'value', rank }));
}

const MAINLINE = /^v\d+\.\d+$/;
/** Attributes of the group of attributes that is not written. */
const OTHER_FAMILY = 25;
/** After everything that the kernel has. */
const ABSENT = 50;
