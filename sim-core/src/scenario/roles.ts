import type { Line } from './ast.ts';
import { Notes } from './remembered.ts';
import { actorWords, collectScheduleWords, machineWords } from './roles/blocks.ts';
import { conditionWords } from './roles/conditions.ts';
import { statementWords } from './roles/statements.ts';
import { type NamedWord, type RoleWord, WordCollector } from './roles/word-roles.ts';
import type { Vocabulary } from './vocabulary.ts';

export { vcpuActorName } from './roles/blocks.ts';
export { literalsOf } from './roles/conditions.ts';
export type { ActorKind, NamedSymbol, NamedWord, NameSpace, RoleWord, WordRole } from './roles/word-roles.ts';

/** The words of a line from left to right. The same line gives the same array. */
export function rolesOf(line: Line, vocabulary: Vocabulary): readonly RoleWord[] {
  return entryOf(line, vocabulary).words;
}

/** Those of them that name something of the scenario. */
export function namesOf(line: Line, vocabulary: Vocabulary): readonly NamedWord[] {
  return entryOf(line, vocabulary).names;
}

interface Entry {
  readonly words: readonly RoleWord[];
  readonly names: readonly NamedWord[];
}

function entryOf(line: Line, vocabulary: Vocabulary): Entry {
  let notes = entries.get(vocabulary);
  if (notes === undefined) {
    notes = new Notes();
    entries.set(vocabulary, notes);
  }
  let entry = notes.get(line);
  if (entry === undefined) {
    const words = collect(line, vocabulary);
    entry = { words, names: words.filter((word): word is NamedWord => word.symbol !== undefined) };
    notes.set(line, entry);
  }
  return entry;
}

const entries = new WeakMap<Vocabulary, Notes<Line, Entry>>();

function collect(line: Line, vocabulary: Vocabulary): RoleWord[] {
  const out = new WordCollector(line, vocabulary);
  const content = line.content;
  switch (content.kind) {
    case 'blank':
    case 'broken':
    case 'close':
      break;
    case 'scenario':
    case 'doc':
    case 'source':
    case 'include':
      out.firstWord();
      out.add('string', content.text.span);
      break;
    case 'tags':
      out.firstWord();
      for (const tag of content.tags) out.add('tag', tag.span);
      break;
    case 'kernel':
      out.firstWord();
      out.add('version', content.version.span);
      break;
    case 'machine-open':
    case 'choose-open':
    case 'loop-open':
    case 'or':
      out.firstWord();
      break;
    case 'repeat-open':
      out.firstWord();
      out.add('number', content.count.span);
      break;
    case 'actor-open':
      actorWords(out, content.actor);
      break;
    case 'proc-open':
      out.firstWord();
      out.symbol(content.name, 'proc', true);
      for (const param of content.params) out.symbol(param, 'any', true);
      break;
    case 'condition':
      conditionWords(out, content);
      break;
    case 'schedule':
      collectScheduleWords(out, content);
      break;
    case 'cpu':
    case 'iommu':
    case 'device':
    case 'mdev':
    case 'memory':
    case 'allow':
      machineWords(out, content);
      break;
    default:
      statementWords(out, content, line.block);
  }
  return out.words.sort((left, right) => left.span.start - right.span.start);
}
