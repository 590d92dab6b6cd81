/** Puts a call's arguments in place of a procedure's parameters in one statement. */
import type { Statement } from '../ast.ts';

export function substitute<T extends Statement>(statement: T, words: ReadonlyMap<string, string>): T {
  return words.size === 0 ? statement : (replace(statement, words) as T);
}

/** Words of the notation itself: calls, instructions, options and attributes are none of a procedure's names. */
const NOTATION: ReadonlySet<string> = new Set(['call', 'op', 'key', 'attributes']);

/** Syntax is plain data, so one walk serves all of it: words by `text`, names by `name`; spans stay. */
function replace(node: unknown, words: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) return node.map((item) => replace(item, words));
  if (node === null || typeof node !== 'object') return node;
  const record = node as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  // Neither the field `group` of a structure nor a procedure `group` is the parameter `group`.
  const hasOwnName = record.kind === 'call' || (record.kind === undefined && 'name' in record && 'value' in record);
  for (const [key, value] of Object.entries(record))
    copy[key] = NOTATION.has(key) || (hasOwnName && key === 'name') ? value : replace(value, words);
  if (record.kind === 'name' && typeof record.name === 'string') {
    const by = words.get(record.name);
    if (by !== undefined)
      return isNumber(by) ? { kind: 'number', value: BigInt(by), text: by, span: record.span } : { ...copy, name: by };
  } else if (typeof record.text === 'string' && record.kind === undefined && words.has(record.text)) {
    copy.text = words.get(record.text);
  }
  return copy;
}

function isNumber(text: string): boolean {
  return /^(0x[0-9a-f]+|\d+)$/i.test(text);
}
