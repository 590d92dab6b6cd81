import type { MachineItem, NumberExpr, Word } from './ast.ts';
import { type Cursor, isBlank, isDigit, isHyphenatedUnit, MINUS } from './cursor.ts';
import { MEMORY_OPTIONS } from './words.ts';

/** The items of `machine { … }`; the cursor is after the keyword. */
export const MACHINE_ITEMS: Readonly<Record<MachineItem['kind'], (cursor: Cursor) => MachineItem>> = {
  cpu: (cursor) => {
    const vendor = cursor.identifier('the vendor of the CPUs, `intel` or `amd`');
    return finished(cursor, {
      kind: 'cpu',
      vendor,
      options: cursor.options('an option of the CPUs such as `count=2`'),
    });
  },
  iommu: (cursor) => {
    const name = cursor.identifier('a name for the IOMMU, such as `dmar0`');
    const driver = cursor.takeHyphenated() ?? cursor.failExpected('the kind of the IOMMU, such as `vt-d`');
    return finished(cursor, {
      kind: 'iommu',
      name,
      driver,
      options: cursor.options('an option of the IOMMU such as `snoop-control=on`'),
    });
  },
  device: (cursor) => {
    const name = cursor.identifier('a name for the device, such as `gpu`');
    const bdf =
      (cursor.optionFollows() ? undefined : cursor.takeRaw()) ??
      cursor.failExpected(`the PCI address of \`${name.text}\`, such as \`0000:01:00.0\``);
    return finished(cursor, {
      kind: 'device',
      name,
      bdf,
      options: cursor.options('an option of the device such as `iommu=dmar0`'),
    });
  },
  mdev: (cursor) => {
    const name = cursor.identifier('a name for the mediated device');
    return finished(cursor, {
      kind: 'mdev',
      name,
      options: cursor.options('an option of the mediated device such as `parent=gpu`'),
    });
  },
  memory: (cursor) => parseMemoryItem(cursor),
  allow: (cursor) => {
    const what = cursor.identifier('what the environment may do: `evict`, `prefetch`, `drain` or `migrate`');
    const subjects: Word[] = [];
    while (!cursor.atEnd() && !cursor.optionFollows())
      subjects.push(cursor.identifier(`what \`${what.text}\` is allowed for`));
    return finished(cursor, { kind: 'allow', what, subjects, options: cursor.options('an option such as `max=2`') });
  },
};

/** `memory y z = 0 0 page=frame`: words of one cache line, their first values, and options. */
function parseMemoryItem(cursor: Cursor): MachineItem {
  const names = [cursor.identifier('a name for the word, such as `x`')];
  while (!cursor.atEnd() && !isMemoryOption(cursor) && cursor.peek() !== EQUALS_SIGN) {
    names.push(cursor.identifier('a name for the next word of the line, or `=` and the first values'));
  }
  const values: NumberExpr[] = [];
  if (cursor.take('=')) {
    do values.push(cursor.number('a first value'));
    while (isDigit(cursor.peek()) || cursor.peek() === MINUS);
  }
  return finished(cursor, {
    kind: 'memory',
    names,
    values,
    options: cursor.options('an option of the memory such as `page=frame`'),
  });
}

/** `page=frame`, but not `x=0`: blanks around the `=` of the values are optional. */
function isMemoryOption(cursor: Cursor): boolean {
  if (!cursor.optionFollows()) return false;
  let end = cursor.pos;
  while (isHyphenatedUnit(cursor.text.charCodeAt(end))) end++;
  const next = cursor.text.charCodeAt(end + 1);
  const known = MEMORY_OPTIONS.has(cursor.text.slice(cursor.pos, end));
  return known || !(isDigit(next) || next === MINUS || isBlank(next));
}

function finished<Item extends MachineItem>(cursor: Cursor, item: Item): Item {
  cursor.finish(`The ${item.kind} line`);
  return item;
}

const EQUALS_SIGN = 0x3d;
