import { didYouMean, nearest } from '../suggest.ts';
import { type Check, oneOf, replacing } from './check.ts';
import { LINES_WITH_OPTIONS, type OptionRule, optionsOfLine } from './lines-with-options.ts';

function expected(rule: OptionRule): string {
  if (typeof rule.values === 'object') return oneOf(rule.values);
  if (rule.values === 'number' && rule.range) return `a number from ${rule.range[0]} to ${rule.range[1]}`;
  if (rule.values === 'address') return 'the address of a page such as `0x2000`';
  return rule.values === 'cpu'
    ? 'the number of a physical CPU'
    : rule.values === 'vcpu'
      ? 'a vCPU such as `vcpu0`'
      : `a ${rule.values}`;
}

function fits(rule: OptionRule, value: string): boolean {
  if (typeof rule.values === 'object') return rule.values.includes(value);
  if (rule.values === 'address') return /^(0x[0-9a-f]{1,13}|\d{1,15})$/i.test(value) && Number(value) % 0x1000 === 0;
  if (rule.values !== 'number' && rule.values !== 'cpu') return true;
  if (!/^\d{1,9}$/.test(value)) return false;
  const [least, most] = rule.range ?? [0, Number.MAX_SAFE_INTEGER];
  return Number(value) >= least && Number(value) <= most;
}

export const badOptionValue: Check = {
  code: 'bad-option-value',
  severity: 'error',
  doc: 'The option does not take this value.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  iommu dmar0 vt-d snoop-control=yes
}
`,
    good: `machine {
  iommu dmar0 vt-d snoop-control=on
}
`,
  },
  of: LINES_WITH_OPTIONS,
  *line({ line, vocabulary, params }) {
    const owner = optionsOfLine(line, vocabulary);
    for (const { key, value } of owner?.options ?? []) {
      const rule = owner!.specs.find((spec) => spec.key === key.text);
      if (rule === undefined || fits(rule, value.text) || params.has(value.text)) continue;
      const meant = typeof rule.values === 'object' ? nearest(value.text, rule.values) : undefined;
      yield {
        span: value.span,
        message: `Expected ${expected(rule)} for \`${key.text}\`, found \`${value.text}\`${didYouMean(meant)}`,
        ...replacing(value.span, meant),
      };
    }
  },
};
