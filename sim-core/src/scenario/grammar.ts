import type { OpKind } from '../ops/op.ts';
import { FACTS, FINDINGS, MEMORY_TYPES } from './facts.ts';
import { ALLOWED, CPU_VENDORS, IOMMU_DRIVERS, MACHINE_OPTIONS } from './machine-options.ts';
import type { Vocabulary } from './vocabulary.ts';
import { LANGUAGE_WORDS } from './words.ts';

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
  const named = (kind: OpKind) => vocabulary.ops.filter((op) => op.kind === kind).map((op) => op.name);
  const keywords = LANGUAGE_WORDS.map((word) => word.word).filter((word) => /^\w/.test(word));
  const actions = [...new Set([...named('instruction'), ...named('tlp'), ...named('host')])];
  const attributes = [
    ...new Set(vocabulary.ops.flatMap((op) => op.attributes?.map((attribute) => attribute.name) ?? [])),
  ];
  const systemRegisters = vocabulary.ops.flatMap((op) =>
    op.operands.flatMap((operand) =>
      operand.shapes.flatMap((shape) => (shape.kind === 'system-register' ? shape.names : [])),
    ),
  );
  const keys = [
    ...new Set([
      ...Object.values(MACHINE_OPTIONS)
        .flat()
        .map((option) => option.key),
      ...vocabulary.ops.flatMap((op) => op.options?.map((option) => option.name) ?? []),
    ]),
  ];
  const values = [...CPU_VENDORS, ...IOMMU_DRIVERS, 'on', 'off'];
  const fields = [
    ...new Set([...vocabulary.structs.values()].flatMap((struct) => struct.fields.map((field) => field.name))),
  ];
  const constants = [...vocabulary.constants.keys(), ...vocabulary.errnos];
  return {
    scopeName: 'source.snoop',
    name: 'Snoopscope scenario',
    patterns: ['comment', 'string', 'keyword', 'version', 'bdf', 'condition', 'call', 'action', 'field', 'register', 'option', 'constant', 'number', 'operator'],
      },
      keyword: 
        patterns: [
          { match: '^\\s*(~\\s*exists)\\b', captures: { 1: { name: 'keyword.control.snoop' } } },
          { match: '\\}\\s*(or)\\s*\\{', captures: { 1: { name: 'keyword.control.snoop' } } },
          {
            match: '\\b(of)\\s+(\\w+)',
            captures: { 1: { name: 'keyword.control.snoop' }, 2: { name: 'entity.name.type.snoop' } },
          },
          { match: '\\bon(?=\\s+(?:v\\d|\\.\\.|[a-z]))', name: 'keyword.control.snoop' },
          {
            match: `^\\s*(cpu)\\s+(${words(CPU_VENDORS)})\\b`,
            captures: { 1: { name: 'keyword.control.snoop' }, 2: { name: 'constant.language.snoop' } },
          },
          {
            match: `^\\s*(iommu)\\s+(\\w+)\\s+(${words(IOMMU_DRIVERS)})(?![\\w-])`,
            captures: {
              1: { name: 'keyword.control.snoop' },
              2: { name: 'entity.name.type.snoop' },
              3: { name: 'constant.language.snoop' },
            },
          },
          {
            match: `^\\s*(allow)\\s+(${words(Object.keys(ALLOWED))})\\b`,
            captures: { 1: { name: 'keyword.control.snoop' }, 2: { name: 'keyword.other.snoop' } },
          },
          {
            match: '^\\s*(call|proc|thread|device|mdev)\\s+(\\w+)',
            captures: { 1: { name: 'keyword.control.snoop' }, 2: { name: 'entity.name.function.snoop' } },
          },
          // Names that are bound, and calls, may have the spelling of a keyword.
          {
            match: `^\\s*(${words(keywords)})(?!\\s*=(?!=)|\\w|-)`,
            captures: { 1: { name: 'keyword.control.snoop' } },
          },
        ],,
      condition: 
        patterns: [
          {
            match: `\\b(?:${words(FINDINGS.map((finding) => finding.name))})(?![\\w-])`,
            name: 'support.type.finding.snoop',
          },
          { match: `\\b(?:${words(FACTS.map((fact) => fact.name))})(?=\\s*\\()`, name: 'support.function.fact.snoop' },
        ],,
      call: 
        patterns: [
          { match: `\\b(?:${words(named('syscall'))})(?=\\s*\\()`, name: 'support.function.syscall.snoop' },
          { match: `\\b(?:${words(named('ioctl'))})\\b`, name: 'entity.name.function.preprocessor.request.snoop' },
        ],,
      action: 
        patterns: [
          {
            match: `(?:^\\s*|=\\s*)(${words(actions)})(?![\\w.(-])`,
            captures: { 1: { name: 'support.function.instruction.snoop' } },
          },
          { match: `(?<=\\s)(?:${words(attributes)})(?![\\w=])`, name: 'storage.modifier.attribute.snoop' },
        ],,
      register: 
        patterns: [
          { match: `\\b(?:${words([...new Set(systemRegisters)])})\\b`, name: 'variable.language.register.snoop' },
          {
            match: '\\b(\\w+)\\.(\\w+)\\b(?!\\.)',
            captures: { 1: { name: 'entity.name.type.snoop' }, 2: { name: 'variable.other.property.snoop' } },
          },
          { match: '\\[\\s*(\\w+)\\s*\\]', captures: { 1: { name: 'variable.other.snoop' } } },
          { match: '&(\\w+)', captures: { 1: { name: 'variable.other.snoop' } } },
        ],,
      option: 
        match: `(?<![\\w-])(${words(keys)})(=)(?:(${words(values)})(?![\\w-]))?`,
        captures: 
          1: name: 'variable.parameter.option.snoop' ,
          2: name: 'keyword.operator.snoop' ,
          3: name: 'constant.language.snoop' ,,,
      field: match: `(?<=[{,]|, )(?:${words(fields)})(?=\\s*=>?)`, name: 'variable.other.property.field.snoop' ,
      constant: 
        patterns: [
          { match: `(?<![\\w-])(?:${words(constants)})(?![\\w-])`, name: 'constant.other.snoop' },
          {
            match: `(?<==|= )(?:${words(MEMORY_TYPES.filter((type) => type !== 'none'))})(?![\\w-])`,
            name: 'constant.language.memory-type.snoop',
          },
        ],,
      version: match: '\\bv\\d+\\.\\d+(?:-[\\w-]+)?', name: 'constant.numeric.version.snoop' ,
      bdf: 
        match: '\\b(?:[0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.[0-7]\\b',
        name: 'constant.other.bdf.snoop',,
      number: match: '(?<![\\w.])-?(?:0[xX][0-9A-Fa-f]+|\\d+)\\b', name: 'constant.numeric.snoop' ,
      operator: match: '&&|\\|\\||[!=<>]=|=>|[=<>!|]', name: 'keyword.operator.snoop' ,
    },
  };
}

/** An alternation, longest word first, so that no word hides one that it begins. */
function words(list: readonly string[]): string {
  return [...list]
    .sort((left, right) => right.length - left.length || (left < right ? -1 : 1))
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|');
}
