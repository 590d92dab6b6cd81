import { monitorByName } from '../../engine/monitors/table.ts';
import type { Condition, LineContent, Term, Word } from '../ast.ts';
import { type FactParam, factByName } from '../facts.ts';
import type { WordCollector } from './word-roles.ts';

/** `exists gpu.r0 == 0 on v3.13..v5.11`. */
export function conditionWords(out: WordCollector, line: LineContent & { kind: 'condition' }): void {
  out.add('keyword', line.quantifierSpan);
  inCondition(out, line.condition);
  const first = line.on[0];
  if (first === undefined) return;
  out.keywordBefore('on', first.span.start - 1);
  for (const range of line.on) {
    if (range.from) out.add('version', range.from.span);
    if (range.to && range.to !== range.from) out.add('version', range.to.span);
  }
}

/** The words that a fact has as values: `cache(cpu0, x) == M`. None of a fact that does not exist. */
export function literalsOf(term: Term): readonly string[] | undefined {
  if (term.kind !== 'call') return undefined;
  const fact = factByName.get(term.name.text);
  if (fact === undefined) return [];
  return typeof fact.value === 'object' ? fact.value.names : undefined;
}

function inCondition(out: WordCollector, condition: Condition): void {
  switch (condition.kind) {
    case 'or':
    case 'and':
      inCondition(out, condition.left);
      inCondition(out, condition.right);
      break;
    case 'not':
      inCondition(out, condition.operand);
      break;
    case 'compare':
      inTerm(out, condition.left, literalsOf(condition.right));
      inTerm(out, condition.right, literalsOf(condition.left));
      break;
    case 'holds':
      inTerm(out, condition.term);
  }
}

/** `literals`: the words that the other side of a comparison is compared with. */
function inTerm(out: WordCollector, term: Term, literals?: readonly string[]): void {
  switch (term.kind) {
    case 'number':
      out.add('number', term.span);
      break;
    case 'memory':
      out.symbol(term.name, 'word', false);
      break;
    case 'name':
      if (term.member) out.member(term.name, term.member, 'actor');
      else if (monitorByName.has(term.name.text)) out.add('finding', term.span);
      else if (literals === undefined) out.symbol(term.name, 'name', false);
      else out.add('memory-type', term.span);
      break;
    case 'call': {
      out.add('fact', term.name.span);
      const params = factByName.get(term.name.text)?.params ?? [];
      for (const [index, arg] of term.args.entries()) factArgument(out, arg, params[index]?.kind);
    }
  }
}

function factArgument(out: WordCollector, arg: Word, kind: FactParam['kind'] | undefined): void {
  if (kind === 'vm') out.symbol(arg, 'name', false);
  else if (kind === 'vcpu') out.actor(arg, 'vcpu');
  else if (kind === 'word') out.symbol(arg, 'word', false);
  else out.add(kind === 'exit' ? 'constant' : kind === 'group' ? 'number' : 'option-value', arg.span);
}
