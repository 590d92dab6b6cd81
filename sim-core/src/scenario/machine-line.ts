import type { MachineItem, NumberExpr, Word } from './ast.ts';
import { MEMORY_OPTIONS } from './language-words.ts';
import { isBlank, isDigit, isHyphenatedUnit, type LineScanner, MINUS } from './line-scanner.ts';

/** The items of `machine { … }`; the scanner is after the keyword. */
export const MACHINE_ITEMS: Readonly<Record<MachineItem['kind'], (scanner: LineScanner) => MachineItem>> = {
  cpu: (scanner) => {
    const vendor = scanner.identifier('the kind of the CPUs, such as `intel` or `amd`');
    return finished(scanner, {
      kind: 'cpu',
      vendor,
      options: scanner.options('an option of the CPUs such as `count=2`'),
    });
  },
  iommu: (scanner) => {
    const name = scanner.identifier('a name for the IOMMU, such as `dmar0`');
    const driver = scanner.takeHyphenated() ?? scanner.failExpected('the kind of the IOMMU, such as `vt-d`');
    return finished(scanner, {
      kind: 'iommu',
      name,
      driver,
      options: scanner.options('an option of the IOMMU such as `snoop-control=on`'),
    });
  },
  device: (scanner) => {
    const name = scanner.identifier('a name for the device, such as `gpu`');
    const bdf =
      (scanner.optionFollows() ? undefined : scanner.takeRaw()) ??
      scanner.failExpected(`the PCI address of \`${name.text}\`, such as \`0000:01:00.0\``);
    return finished(scanner, {
      kind: 'device',
      name,
      bdf,
      options: scanner.options('an option of the device such as `iommu=dmar0`'),
    });
  },
  mdev: (scanner) => {
    const name = scanner.identifier('a name for the mediated device');
    return finished(scanner, {
      kind: 'mdev',
      name,
      options: scanner.options('an option of the mediated device such as `parent=gpu`'),
    });
  },
  memory: (scanner) => parseMemoryItem(scanner),
  allow: (scanner) => {
    const what = scanner.identifier('what the environment may do: `evict`, `prefetch`, `drain` or `migrate`');
    const subjects: Word[] = [];
    while (!scanner.atEnd() && !scanner.optionFollows())
      subjects.push(scanner.identifier(`what \`${what.text}\` is allowed for`));
    return finished(scanner, { kind: 'allow', what, subjects, options: scanner.options('an option such as `max=2`') });
  },
};

/** `memory y z = 0 0 page=frame`: words of one cache line, their first values, and options. */
function parseMemoryItem(scanner: LineScanner): MachineItem {
  const names = [scanner.identifier('a name for the word, such as `x`')];
  while (!scanner.atEnd() && !isMemoryOption(scanner) && scanner.peek() !== EQUALS_SIGN) {
    names.push(scanner.identifier('a name for the next word of the line, or `=` and the first values'));
  }
  const values: NumberExpr[] = [];
  if (scanner.take('=')) {
    do values.push(scanner.number('a first value'));
    while (isDigit(scanner.peek()) || scanner.peek() === MINUS);
  }
  return finished(scanner, {
    kind: 'memory',
    names,
    values,
    options: scanner.options('an option of the memory such as `page=frame`'),
  });
}

/** `page=frame`, but not `x=0`: blanks around the `=` of the values are optional. */
function isMemoryOption(scanner: LineScanner): boolean {
  if (!scanner.optionFollows()) return false;
  let end = scanner.pos;
  while (isHyphenatedUnit(scanner.text.charCodeAt(end))) end++;
  const next = scanner.text.charCodeAt(end + 1);
  const known = MEMORY_OPTIONS.has(scanner.text.slice(scanner.pos, end));
  return known || !(isDigit(next) || next === MINUS || isBlank(next));
}

function finished<Item extends MachineItem>(scanner: LineScanner, item: Item): Item {
  scanner.finish(`The ${item.kind} line`);
  return item;
}

const EQUALS_SIGN = 0x3d;
