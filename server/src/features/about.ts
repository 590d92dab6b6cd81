/** The documentation of what completion offered, when the client asks for it. */
import {
  ERRNOS,
  factByName,
  LANGUAGE_WORDS,
  MACHINE_OPTIONS,
  type Meaning,
  monitorByName,
  type OptionOwner,
  opNamed,
  type Profile,
  profileNamed,
  VOCABULARY,
} from '@snoopscope/sim-core';
import type { About } from './offers.ts';
import { describe, describeProfile } from './record-markdown.ts';

/** Markdown for an offer, or undefined when the record is unknown: the data came back from the client. */
export function aboutText(about: About, profile: Profile): string | undefined {
  if (about.kind === 'text') return about.text;
  if (about.kind === 'profile') {
    const named = profileNamed(about.name);
    return named && describeProfile(named);
  }
  const meaning = meaningOf(about);
  return meaning && describe(meaning, profile);
}

function meaningOf(about: Exclude<About, { kind: 'text' | 'profile' }>): Meaning | undefined {
  switch (about.kind) {
    case 'op': {
      const op = opNamed(about.op, about.name);
      return op && { kind: 'op', op };
    }
    case 'keyword': {
      const keyword = LANGUAGE_WORDS.find(({ word }) => word === about.name);
      return keyword && { kind: 'keyword', keyword };
    }
    case 'constant': {
      const constant = VOCABULARY.constants.get(about.name);
      return constant && { kind: 'constant', constant };
    }
    case 'errno': {
      const errno = ERRNOS.find(({ name }) => name === about.name);
      const op = about.of && opNamed(about.of.op, about.of.name);
      return errno && { kind: 'errno', ...errno, ...(op && { op }) };
    }
    case 'field': {
      const struct = VOCABULARY.structs.get(about.struct);
      const field = struct?.fields.find(({ name }) => name === about.name);
      return struct && field && { kind: 'field', struct, field };
    }
    case 'option': {
      const owner = Object.hasOwn(MACHINE_OPTIONS, about.owner) ? (about.owner as OptionOwner) : undefined;
      const option = owner && MACHINE_OPTIONS[owner].find(({ key }) => key === about.name);
      return option && { kind: 'option', option };
    }
    case 'fact': {
      const fact = factByName.get(about.name);
      return fact && { kind: 'fact', fact };
    }
    case 'finding': {
      const monitor = monitorByName.get(about.name);
      return monitor && { kind: 'finding', monitor };
    }
  }
}
