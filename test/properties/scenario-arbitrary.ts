// Random syntax trees, built without the parser, so that printing and parsing are checked against each other.
import fc from 'fast-check';
import type {
  BlockKind,
  Condition,
  Expr,
  Line,
  LineContent,
  NameExpr,
  NumberExpr,
  Operand,
  Option,
  ParsedScenario,
  Span,
  StringExpr,
  Term,
  VersionRange,
  Word,
} from '../../sim-core/src/scenario/ast.ts';

const span: Span = { start: 0, end: 0 };
const word = (text: string): Word => ({ text, span });

/** Words that begin a line of their own in some block cannot be bound names or ops in a generated statement. */
const reserved = new Set(
  'scenario doc source tags kernel include machine setup thread vcpu device host proc exists forall schedule cpu iommu mdev memory allow choose loop repeat wait call pat or on of only micro statement'.split(
    ' ',
  ),
);
const identifierText = fc
  .oneof(
    fc.constantFrom('x', 'y', 'vm', 'kvm', 'group', 'eax', 'cr0', 'IA32_PAT', 'gpu', 'r0', 'PAGE', 'O_RDWR', '_a1'),
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
  )
  .filter((text) => !reserved.has(text));
const identifier = identifierText.map(word);
const hyphenated = fc.oneof(identifierText, fc.constantFrom('no-snoop', 'stale-read', 'wbinvd-exit')).map(word);

const number: fc.Arbitrary<NumberExpr> = fc
  .oneof(
    fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }).map((value) => ({ value, text: `${value}` })),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((value) => ({ value, text: `0x${value.toString(16)}` })),
    fc.bigInt({ min: 1n, max: 4095n }).map((value) => ({ value, text: `0${value.toString(8)}` })),
  )
  .map(({ value, text }) => ({ kind: 'number', value, text, span }));
const string: fc.Arbitrary<StringExpr> = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((value) => ({ kind: 'string', value, span }));
const name: fc.Arbitrary<NameExpr> = identifierText.map((text) => ({ kind: 'name', name: text, span }));

const FIFTEEN: NumberExpr = { kind: 'number', value: 15n, text: '15', span };
const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { depthSize: 'small' },
    number,
    string,
    name,
    identifier.map((to): Expr => ({ kind: 'address', name: to, span })),
    fc
      .array(fc.oneof(number, name), { minLength: 2, maxLength: 3 })
      .map((parts): Expr => ({ kind: 'flags', parts, span })),
    fc
      .tuple(tie('expr'), fc.array(tie('expr'), { maxLength: 2 }))
      .map(([item, more]): Expr => ({ kind: 'pointer', item, more, span })),
    fc.array(fc.oneof(fc.tuple(identifier, tie('expr')), fc.tuple(identifier, identifier)), { maxLength: 3 }).map(
      (fields): Expr => ({
        kind: 'struct',
        span,
        fields: fields.map(([field, value]) => ({
          name: field,
          span,
          value:
            'kind' in value
              ? { kind: 'in', expr: value }
              : { kind: 'out', bind: value, ...(field.text.length % 3 === 0 && { declared: FIFTEEN }) },
        })),
      }),
    ),
  ),
}));

const bdf = fc.constantFrom('0000:01:00.0', '01:00.1', 'abcd:ef:1f.7');
const operand: fc.Arbitrary<Operand> = fc.oneof(
  number,
  string,
  fc
    .tuple(identifier, fc.option(identifier, { nil: undefined }))
    .map(([to, member]): Operand => ({ kind: 'memory', name: to, ...(member && { member }), span })),
  fc
    .tuple(identifierText, fc.option(identifier, { nil: undefined }))
    .map(([to, member]): Operand => ({ kind: 'name', name: to, ...(member && { member }), span })),
  bdf.map((text): Operand => ({ kind: 'name', name: text, span })),
);
const option: fc.Arbitrary<Option> = fc
  .tuple(hyphenated, fc.oneof(identifierText, fc.constantFrom('0', 'vfio-pci', '0000:01:00.0', 'on')))
  .map(([key, value]) => ({ key, value: word(value), span }));
const options = fc.array(option, { maxLength: 3 });
const relation = fc.constantFrom(
  '==' as const,
  '!=' as const,
  '<' as const,
  '<=' as const,
  '>' as const,
  '>=' as const,
);

const term: fc.Arbitrary<Term> = fc.oneof(
  number,
  identifier.map((to): Term => ({ kind: 'memory', name: to, span })),
  fc
    .tuple(hyphenated, fc.option(identifier, { nil: undefined }))
    .map(([to, member]): Term => ({ kind: 'name', name: to, ...(member && { member }), span })),
  fc
    .tuple(hyphenated, fc.array(identifier, { maxLength: 3 }))
    .map(([to, args]): Term => ({ kind: 'call', name: to, args, span })),
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    term.filter((t) => t.kind !== 'number').map((t): Condition => ({ kind: 'holds', term: t, span })),
    fc
      .tuple(term, relation, term)
      .map(([left, is, right]): Condition => ({ kind: 'compare', relation: is, left, right, span })),
    tie('condition').map((inner): Condition => ({ kind: 'not', operand: inner, span })),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), tie('condition'), tie('condition'))
      .map(([kind, left, right]): Condition => ({ kind, left, right, span })),
  ),
}));
const version = fc.constantFrom('v3.13', 'v5.11', 'v6.12-rc1', 'series-v1').map(word);
const range: fc.Arbitrary<VersionRange> = fc.oneof(
  version.map((at) => ({ from: at, to: at, span })),
  version.map((from) => ({ from, span })),
  version.map((to) => ({ to, span })),
  fc
    .tuple(version, version)
    .filter(([from, to]) => from.text !== to.text)
    .map(([from, to]) => ({ from, to, span })),
);

const statement: fc.Arbitrary<LineContent> = fc.oneof(
  fc
    .tuple(
      fc.option(identifier, { nil: undefined }),
      identifier,
      fc.array(expr, { maxLength: 3 }),
      fc.option(fc.oneof(fc.bigInt({ min: -5n, max: 1n << 60n }), fc.constantFrom('EEXIST', 'EBADF')), {
        nil: undefined,
      }),
    )
    .map(
      ([bind, call, args, result]): LineContent => ({
        kind: 'syscall',
        ...(bind && { bind }),
        call,
        args,
        ...(result !== undefined && {
          result: typeof result === 'string' ? { errno: result, span } : { value: result, span },
        }),
      }),
    ),
  fc
    .tuple(
      fc.option(identifier, { nil: undefined }),
      identifier,
      fc.array(operand, { maxLength: 3 }),
      options,
      fc.array(identifier, { maxLength: 2 }),
    )
    // Bare words can only follow operands: without one the first of them would be an operand.
    .map(
      ([bind, op, operands, list, attributes]): LineContent => ({
        kind: 'action',
        ...(bind && { bind }),
        op,
        operands,
        options: list,
        attributes: operands.length === 0 ? [] : attributes,
      }),
    ),
  fc.tuple(identifier, identifier).map(
    ([to, type]): LineContent => ({
      kind: 'action',
      op: word('pat'),
      operands: [to, type].map((text): Operand => ({ kind: 'name', name: text.text, span })),
      options: [],
      attributes: [],
    }),
  ),
  fc
    .tuple(operand, relation, number)
    .map(([left, is, right]): LineContent => ({ kind: 'wait', keyword: span, left, relation: is, right })),
  fc
    .tuple(
      identifier,
      fc.array(fc.oneof(identifierText, fc.constantFrom('7', '-0x10', '0000:01:00.0')), {
        maxLength: 3,
      }),
    )
    .map(([to, args]): LineContent => ({ kind: 'call', name: to, args: args.map(word) })),
);

const machineItem: fc.Arbitrary<LineContent> = fc.oneof(
  fc.tuple(identifier, options).map(([vendor, list]): LineContent => ({ kind: 'cpu', vendor, options: list })),
  fc
    .tuple(identifier, hyphenated, options)
    .map(([to, driver, list]): LineContent => ({ kind: 'iommu', name: to, driver, options: list })),
  fc
    .tuple(identifier, bdf, options)
    .map(([to, at, list]): LineContent => ({ kind: 'device', name: to, bdf: word(at), options: list })),
  fc.tuple(identifier, options).map(([to, list]): LineContent => ({ kind: 'mdev', name: to, options: list })),
  fc.tuple(fc.array(identifier, { minLength: 1, maxLength: 3 }), fc.array(number, { maxLength: 3 }), identifier).map(
    ([names, values, page]): LineContent => ({
      kind: 'memory',
      names,
      values,
      options: [{ key: word('page'), value: page, span }],
    }),
  ),
  fc
    .tuple(identifier, fc.array(identifier, { maxLength: 2 }), options)
    .map(([what, subjects, list]): LineContent => ({ kind: 'allow', what, subjects, options: list })),
);

const fileLine: fc.Arbitrary<LineContent> = fc.oneof(
  fc
    .tuple(fc.constantFrom('scenario' as const, 'doc' as const, 'source' as const, 'include' as const), string)
    .map(([kind, text]): LineContent => ({ kind, text })),
  fc.array(hyphenated, { minLength: 1, maxLength: 3 }).map((tags): LineContent => ({ kind: 'tags', tags })),
  version.map((at): LineContent => ({ kind: 'kernel', version: at })),
  fc
    .tuple(
      fc.constantFrom('exists' as const, '~exists' as const, 'forall' as const),
      condition,
      fc.array(range, { maxLength: 2 }),
    )
    .map(
      ([quantifier, inner, on]): LineContent => ({
        kind: 'condition',
        quantifier,
        quantifierSpan: span,
        condition: inner,
        on,
      }),
    ),
  fc
    .tuple(
      fc.boolean(),
      fc.constantFrom('statement' as const, 'micro' as const),
      fc.array(
        fc.record({
          actor: identifier,
          args: fc.array(identifier, { maxLength: 2 }),
          alternative: fc.option(fc.nat(3), { nil: undefined }),
          count: fc.integer({ min: 1, max: 9 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    )
    .map(
      ([only, granularity, items]): LineContent => ({
        kind: 'schedule',
        only,
        granularity,
        items: items.map(({ alternative, ...item }) => ({
          ...item,
          ...(alternative !== undefined && { alternative }),
          span,
        })),
      }),
    ),
);

const { body } = fc.letrec<{ body: LineContent[] }>((tie) => ({
  body: fc
    .array(
      fc.oneof(
        { depthSize: 'small' },
        statement.map((content) => [content]),
        fc.constant<LineContent[]>([{ kind: 'blank' }]),
        tie('body').map((inner): LineContent[] => [{ kind: 'loop-open' }, ...inner, { kind: 'close' }]),
        fc
          .tuple(tie('body'), fc.integer({ min: 1, max: 9 }))
          .map(([inner, count]): LineContent[] => [
            { kind: 'repeat-open', count: { kind: 'number', value: BigInt(count), text: `${count}`, span } },
            ...inner,
            { kind: 'close' },
          ]),
        fc
          .tuple(tie('body'), tie('body'))
          .map(([first, second]): LineContent[] => [
            { kind: 'choose-open' },
            ...first,
            { kind: 'or' },
            ...second,
            { kind: 'close' },
          ]),
      ),
      { maxLength: 4 },
    )
    .map((parts) => parts.flat()),
}));

const block: fc.Arbitrary<{ kind: BlockKind; contents: LineContent[] }> = fc.oneof(
  fc
    .array(machineItem, { maxLength: 4 })
    .map((items) => ({ kind: 'machine' as const, contents: [{ kind: 'machine-open' as const }, ...items] })),
  fc
    .tuple(
      fc.constantFrom('setup' as const, 'host' as const, 'thread' as const, 'vcpu' as const, 'device' as const),
      identifier,
      fc.option(identifier, { nil: undefined }),
      options,
      body,
    )
    .map(([kind, to, of, list, lines]) => {
      const actorName = kind === 'vcpu' ? word('0') : to;
      const names =
        kind === 'setup' || kind === 'host' ? {} : { name: actorName, ...(of && kind !== 'device' && { of }) };
      return { kind, contents: [{ kind: 'actor-open' as const, actor: { kind, ...names, options: list } }, ...lines] };
    }),
  fc.tuple(identifier, fc.array(identifier, { maxLength: 3 }), body).map(([to, params, lines]) => ({
    kind: 'proc' as const,
    contents: [{ kind: 'proc-open' as const, name: to, params }, ...lines],
  })),
);

function lineOf(kind: BlockKind, content: LineContent): Line {
  return { text: '', block: kind, content, problems: [] };
}

/** A scenario without texts and spans: printing it gives a text. */
export const scenarioArbitrary: fc.Arbitrary<ParsedScenario> = fc
  .array(
    fc.oneof(
      fileLine.map((content) => [lineOf('file', content)]),
      block.map(({ kind, contents }) => [
        ...contents.map((content, index) => lineOf(index === 0 ? 'file' : kind, content)),
        lineOf(kind, { kind: 'close' }),
      ]),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => ({ lines: parts.flat(), blocks: [], balanced: true, diagnostics: [] }));

/** What a tree says, without where it stands. */
export function withoutSpans(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner) => {
      if (key === 'span' || key === 'quantifierSpan' || key === 'keyword') return undefined;
      return typeof inner === 'bigint' ? `${inner}n` : inner;
    }),
  );
}
