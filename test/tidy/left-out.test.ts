// docs/fidelity.md lists what is left out as the table of the model has it. `UPDATE=1` rewrites it between its markers.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { constantByName } from '../../sim-core/src/ops/constants.ts';
import { LEFT_OUT } from '../../sim-core/src/ops/not-modelled.ts';
import { opNamed } from '../../sim-core/src/ops/table.ts';

const file = new URL('../../docs/fidelity.md', import.meta.url);
const pattern = /(<!-- left-out:begin -->\n)([\s\S]*?)(<!-- left-out:end -->)/;

function table(): string {
  const rows = LEFT_OUT.map(({ part, doc, requests, constants, fields = [], words = [] }) => {
    const names = [...new Set([...requests, ...constants.map(([name]) => name), ...fields, ...words])]
      .map((name) => `\`${name}\``)
      .join(', ');
    return `| ${part} | ${doc} | ${names} |`;
  });
  return ['| part | what that means | names that are refused |', '| --- | --- | --- |', ...rows].join('\n');
}

test('docs/fidelity.md lists what is left out', () => {
  const page = readFileSync(file, 'utf8');
  expect(page).toMatch(pattern);
  if (process.env.UPDATE === '1')
    writeFileSync(
      file,
      page.replace(pattern, (_, begin: string, __, end: string) => `${begin}${table()}\n${end}`),
    );
  expect(pattern.exec(readFileSync(file, 'utf8'))?.[2]?.trim()).toBe(table());
});

test('nothing is left out and modelled', () => {
  const both = LEFT_OUT.flatMap(({ requests, constants }) => [
    ...requests.filter((name) => opNamed('ioctl', name)),
    ...constants.map(([name]) => name).filter((name) => constantByName.has(name)),
  ]);
  expect(both).toEqual([]);
});
