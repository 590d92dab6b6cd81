/** The tool `reference`: what a word of the language, of the model or of its kernels means, and the language itself. */

import { describe, describeChange, describeProfile, describeStruct } from '@snoopscope/server/markdown';
import {
  CHANGES,
  ERRNOS,
  FACTS,
  LANGUAGE_WORDS,
  MACHINE_OPTIONS,
  type Meaning,
  MONITORS,
  NEWEST,
  nearest,
  type Profile,
  profileLike,
  profileNamed,
  VOCABULARY,
} from '@snoopscope/sim-core';
import language from '../../../../docs/language.md';
import type { ToolInput, ToolSchema } from './tools.ts';

const OPTIONS = Object.values(MACHINE_OPTIONS).flat();

export const REFERENCE = {
  name: 'reference',
  title: 'Look up the scenario language and what its words mean on a kernel',
  description:
    'Without `name`: the whole description of the scenario language; read it before writing a scenario. With `name`: what a system call, an ioctl request, an instruction, a TLP, a constant, a structure, an errno, a fact, a finding, a word of the language, an option of the machine, a kernel or an upstream change does, with its errors, kernels and sources.',
  inputSchema: {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description: 'Such as `KVM_SET_DEVICE_ATTR`, `wbinvd`, `EBADF`, `stale-read`, `snoop-control` or `v5.12`.',
      },
      kernel: { type: 'string', description: `On which kernel. Default: ${NEWEST.name}.` },
    },
    additionalProperties: false,
  } satisfies ToolSchema,
} as const;

export interface Referred {
  readonly text: string;
  readonly known: boolean;
}

/** Markdown. Unknown names and kernels are answered with the nearest that exists. */
export function refer({ name, kernel }: ToolInput): Referred {
  const profile = kernel === undefined ? NEWEST : profileLike(String(kernel));
  if (!profile)
    return { text: `\`${kernel}\` is not a kernel of the model. The tool \`kernels\` lists them.`, known: false };
  if (name === undefined) return { text: language, known: true };
  const word = String(name).trim();
  const pages = pagesOf(word, profile);
  if (pages.length > 0) return { text: pages.join('\n\n---\n\n'), known: true };
  const near = nearest(word, namesOf());
  return { text: `Nothing is called \`${word}\`.${near ? ` Did you mean \`${near}\`?` : ''}`, known: false };
}

function pagesOf(name: string, profile: Profile): string[] {
  const meanings = meaningsOf(name).map((meaning) => describe(meaning, profile));
  const struct = VOCABULARY.structs.get(name.replace(/^struct /, ''));
  const change = CHANGES.find(({ id, commit }) => id === name || (commit !== undefined && name.startsWith(commit)));
  const named = profileNamed(name);
  return [
    ...meanings,
    ...(struct ? [describeStruct(struct)] : []),
    ...(change ? [describeChange(change)] : []),
    ...(named ? [describeProfile(named)] : []),
  ];
}

function meaningsOf(name: string): Meaning[] {
  const constant = VOCABULARY.constants.get(name);
  const errno = ERRNOS.find((each) => each.name === name);
  return [
    ...VOCABULARY.ops.filter((op) => op.name === name).map((op): Meaning => ({ kind: 'op', op })),
    ...(constant ? [{ kind: 'constant', constant } as const] : []),
    ...(errno ? [{ kind: 'errno', ...errno } as const] : []),
    ...FACTS.filter((fact) => fact.name === name).map((fact): Meaning => ({ kind: 'fact', fact })),
    ...MONITORS.filter(({ finding }) => finding === name).map((monitor): Meaning => ({ kind: 'finding', monitor })),
    ...LANGUAGE_WORDS.filter(({ word }) => word === name).map((keyword): Meaning => ({ kind: 'keyword', keyword })),
    ...OPTIONS.filter(({ key }) => key === name).map((option): Meaning => ({ kind: 'option', option })),
  ];
}

function namesOf(): string[] {
  return [
    ...VOCABULARY.ops.map(({ name }) => name),
    ...VOCABULARY.constants.keys(),
    ...VOCABULARY.structs.keys(),
    ...ERRNOS.map(({ name }) => name),
    ...FACTS.map(({ name }) => name),
    ...MONITORS.map(({ finding }) => finding),
    ...LANGUAGE_WORDS.map(({ word }) => word),
    ...OPTIONS.map(({ key }) => key),
    ...CHANGES.map(({ id }) => id),
  ];
}
