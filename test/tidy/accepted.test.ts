// docs/fidelity.md lists what is accepted and not seen to act as the table of the test has it. `UPDATE=1` rewrites it.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACCEPTED_WITHOUT_EFFECT } from '../coverage/accepted.ts';

const file = new URL('../../docs/fidelity.md', import.meta.url);
const pattern = /(<!-- accepted:begin -->\n)([\s\S]*?)(<!-- accepted:end -->)/;

test('docs/fidelity.md lists what is accepted and not seen to act', () => {
  const rows = ACCEPTED_WITHOUT_EFFECT.map(
    ({ kind, names, why }) => `| ${kind} | ${names.map((name) => `\`${name}\``).join(', ')} | ${why} |`,
  );
  const table = ['| kind | names | why |', '| --- | --- | --- |', ...rows].join('\n');
  const page = readFileSync(file, 'utf8');
  expect(page).toMatch(pattern);
  if (process.env.UPDATE === '1')
    writeFileSync(
      file,
      page.replace(pattern, (_, begin: string, __, end: string) => `${begin}${table}\n${end}`),
    );
  expect(pattern.exec(readFileSync(file, 'utf8'))?.[2]?.trim()).toBe(table);
});
