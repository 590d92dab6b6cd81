import { FINDINGS } from '../engine/monitors/table.ts';
import { MEMTYPE } from '../memory/memtype.ts';
import type { OpKind } from '../ops/op.ts';
import { FACTS } from './facts.ts';
import { LANGUAGE_WORDS } from './language-words.ts';
import { MACHINE_OPTIONS } from './machine-options.ts';
import { ALLOWED, CPU_VENDORS, IOMMU_DRIVERS } from './machine-words.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A rule of a TextMate grammar. */
export interface GrammarRule {
  readonly match?: string;
  readonly name?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly captures?: Readonly<Record<string, { readonly name: string }>>;
  readonly beginCaptures?: Readonly<Record<string, { readonly name: string }>>;
  readonly endCaptures?: Readonly<Record<string, { readonly name: string }>>;
  readonly patterns?: readonly GrammarRule[];
  readonly include?: string;
}

export interface Grammar {
  readonly scopeName: string;
  readonly name: string;
  readonly patterns: readonly GrammarRule[];
  readonly repository: Readonly<Record<string, GrammarRule>>;
}

/**
 * The TextMate grammar: colours before the language server has answered, and wherever it does not run. All words come
 * from the tables, so a new op is coloured without touching this file; syntaxes/snoop.tmLanguage.json is generated.
 */
export function textMateGrammar(vocabulary: Vocabulary): Grammar {
  // In the order in which they are tried at each place of a line.
  const repository: Readonly<Record<string, GrammarRule>> = {
    comment: { match: '//.*$', name: 'comment.line.double-slash.snoop' },
    string: stringRule(),
    keyword: keywordRule(),
    version: { match: '\\bv\\d+\\.\\d+(?:-[\\w-]+)?', name: 'constant.numeric.version.snoop' },
    bdf: {
      match: '\\b(?:[0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.[0-7]\\b',
      name: 'constant.other.bdf.snoop',
    },
    condition: conditionRule(),
    call: callRule(vocabulary),
    action: actionRule(vocabulary),
    field: fieldRule(vocabulary),
    register: registerRule(vocabulary),
    option: optionRule(vocabulary),
    constant: constantRule(vocabulary),
    number: { match: '(?<![\\w.])-?(?:0[xX][0-9A-Fa-f]+|\\d+)\\b', name: 'constant.numeric.snoop' },
    operator: { match: '&&|\\|\\||[!=<>]=|=>|[=<>!|]', name: 'keyword.operator.snoop' },
  };
  const patterns = Object.keys(repository).map((rule) => ({ include: `#${rule}` }));
  return { scopeName: 'source.snoop', name: 'Snoopscope scenario', patterns, repository };
}

function stringRule(): GrammarRule {
  return {
    begin: '"',
    end: '"|$',
    beginCaptures: { 0: { name: 'punctuation.definition.string.begin.snoop' } },
    endCaptures: { 0: { name: 'punctuation.definition.string.end.snoop' } },
    name: 'string.quoted.double.snoop',
    patterns: [
      { match: '\\\\(?:x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|[0-7]{1,3}|.)', name: 'constant.character.escape.snoop' },
    ],
  };
}

function keywordRule(): GrammarRule {
  const keywords = LANGUAGE_WORDS.map((word) => word.word).filter((word) => /^\w/.test(word));
  return {
    patterns: [
      captured('^\\s*(~\\s*exists)\\b', KEYWORD),
      captured('\\}\\s*(or)\\s*\\{', KEYWORD),
      captured('\\b(of)\\s+(\\w+)', KEYWORD, TYPE),
      { match: '\\bon(?=\\s+(?:v\\d|\\.\\.|[a-z]))', name: KEYWORD },
      captured(`^\\s*(cpu)\\s+(${words(CPU_VENDORS)})\\b`, KEYWORD, LANGUAGE_CONSTANT),
      captured(`^\\s*(iommu)\\s+(\\w+)\\s+(${words(IOMMU_DRIVERS)})(?![\\w-])`, KEYWORD, TYPE, LANGUAGE_CONSTANT),
      captured(`^\\s*(allow)\\s+(${words(Object.keys(ALLOWED))})\\b`, KEYWORD, 'keyword.other.snoop'),
      captured('^\\s*(schedule)\\s+((?:only\\s+)?(?:micro|statement)|only)\\b', KEYWORD, KEYWORD),
      captured('^\\s*(call|proc)\\s+(\\w+)', KEYWORD, 'entity.name.function.snoop'),
      captured('^\\s*(thread|device|mdev)\\s+(\\w+)', KEYWORD, TYPE),
      // Names that are bound may have the spelling of a keyword.
      captured(`^\\s*(${words(keywords)})(?!\\s*=(?!=)|\\w|-)`, KEYWORD),
    ],
  };
}

function conditionRule(): GrammarRule {
  const findings = words(FINDINGS);
  const facts = words(FACTS.map((fact) => fact.name));
  return {
    patterns: [
      { match: `\\b(?:${findings})(?![\\w-])`, name: 'support.type.finding.snoop' },
      { match: `\\b(?:${facts})(?=\\s*\\()`, name: 'support.function.fact.snoop' },
    ],
  };
}

function callRule(vocabulary: Vocabulary): GrammarRule {
  return {
    patterns: [
      { match: `\\b(?:${words(opNames(vocabulary, ['syscall']))})(?=\\s*\\()`, name: 'support.function.syscall.snoop' },
      { match: `\\b(?:${words(opNames(vocabulary, ['ioctl']))})\\b`, name: 'entity.name.function.preprocessor.snoop' },
    ],
  };
}

function actionRule(vocabulary: Vocabulary): GrammarRule {
  const actions = words(opNames(vocabulary, ['instruction', 'tlp', 'host']));
  const attributes = vocabulary.ops.flatMap((op) => op.attributes?.map((attribute) => attribute.name) ?? []);
  return {
    patterns: [
      captured(`(?:^\\s*|=\\s*)(${actions})(?![\\w.(-])`, 'support.function.instruction.snoop'),
      { match: `(?<=\\s)(?:${words(attributes)})(?![\\w=])`, name: 'storage.modifier.attribute.snoop' },
    ],
  };
}

function fieldRule(vocabulary: Vocabulary): GrammarRule {
  const fields = [...vocabulary.structs.values()].flatMap((struct) => struct.fields.map((field) => field.name));
  return { match: `(?<=[{,]|, )(?:${words(fields)})(?=\\s*=>?)`, name: 'variable.other.property.field.snoop' };
}

function registerRule(vocabulary: Vocabulary): GrammarRule {
  const shapes = vocabulary.ops.flatMap((op) => op.operands.flatMap((operand) => operand.shapes));
  const system = shapes.flatMap((shape) => (shape.kind === 'system-register' ? shape.names : []));
  return {
    patterns: [
      { match: `\\b(?:${words(system)})\\b`, name: 'variable.language.register.snoop' },
      captured('\\b(\\w+)\\.(\\w+)\\b(?!\\.)', TYPE, 'variable.other.property.snoop'),
      captured('\\[\\s*(\\w+)\\s*\\]', 'variable.other.snoop'),
      captured('&(\\w+)', 'variable.other.snoop'),
    ],
  };
}

function optionRule(vocabulary: Vocabulary): GrammarRule {
  const ofItems = Object.values(MACHINE_OPTIONS).flatMap((options) => options.map((option) => option.key));
  const ofOps = vocabulary.ops.flatMap((op) => op.options?.map((option) => option.name) ?? []);
  const match = `(?<![\\w-])(${words([...ofItems, ...ofOps])})(=)(?:(on|off)(?![\\w-]))?`;
  return captured(match, 'variable.parameter.option.snoop', 'keyword.operator.snoop', LANGUAGE_CONSTANT);
}

function constantRule(vocabulary: Vocabulary): GrammarRule {
  const constants = words([...vocabulary.constants.keys(), ...vocabulary.errnos]);
  const types = words(Object.keys(MEMTYPE));
  return {
    patterns: [
      { match: `(?<![\\w-])(?:${constants})(?![\\w-])`, name: 'constant.other.snoop' },
      { match: `(?<==|= )(?:${types})(?![\\w-])`, name: LANGUAGE_CONSTANT },
    ],
  };
}

function opNames(vocabulary: Vocabulary, kinds: readonly OpKind[]): string[] {
  return vocabulary.ops.filter((op) => kinds.includes(op.kind)).map((op) => op.name);
}

/** A match whose groups have names, in their order. */
function captured(match: string, ...names: readonly string[]): GrammarRule {
  return { match, captures: Object.fromEntries(names.map((name, index) => [index + 1, { name }])) };
}

/** An alternation, longest word first, so that no word hides one that it begins. */
function words(list: readonly string[]): string {
  return [...new Set(list)]
    .sort((left, right) => right.length - left.length || (left < right ? -1 : 1))
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|');
}

const KEYWORD = 'keyword.control.snoop';
const TYPE = 'entity.name.type.snoop';
const LANGUAGE_CONSTANT = 'constant.language.snoop';
