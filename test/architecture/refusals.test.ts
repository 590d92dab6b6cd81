// Every failed call explains itself: a part of the machine names an errno only where it declares the check that returns it.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const parts = path.resolve(import.meta.dirname, '../../sim-core/src');
const files = globSync('{cpu,files,iommu,kvm,kvm-vfio,memory,pcie,vfio}/**/*.ts', { cwd: parts });
const sources = files.map((file) => ({ file, text: readFileSync(path.join(parts, file), 'utf8') }));

/** The arguments of `refusals.add(…)`, up to the parenthesis that closes the call. */
function withoutDeclarations(text: string): string {
  let rest = text;
  for (let at = rest.indexOf('refusals.add('); at >= 0; at = rest.indexOf('refusals.add(')) {
    let depth = 0;
    let end = at + 'refusals.add'.length;
    do {
      if (rest[end] === '(') depth++;
      else if (rest[end] === ')') depth--;
      end++;
    } while (depth > 0 && end < rest.length);
    rest = rest.slice(0, at) + rest.slice(end);
  }
  return rest;
}

/** What returns or stores an errno that no check declares; comparing with one is fine. */
const SILENT = /(?<![=!]== )\bE(?:\.[A-Z]\w*|\['\w+'\])|\breturn\(-\d|\breturn -[1-9]/g;

test('no function of the kernel fails a call without the check that decided', () => {
  const silent = sources.flatMap(({ file, text }) =>
    [...withoutDeclarations(text).matchAll(SILENT)].map(([what]) => `${file}: ${what}`),
  );
  // `find()` of a list: a position, not a result of a call.
  const positions = ['kvm-vfio/list.ts: return -1', 'kvm/slots.ts: return -1'];
  expect(silent.filter((one) => !positions.includes(one))).toEqual([]);
});

test('the test above sees declarations and what is silent', () => {
  const text = "const refuse = base.refusals.add({ a: [E.INVAL, 'x (y)'] });\nif (errno !== E.INVAL) t.return(E.BUSY);";
  expect(withoutDeclarations(text)).not.toContain('[E.INVAL');
  expect([...withoutDeclarations(text).matchAll(SILENT)].map(([what]) => what)).toEqual(['E.BUSY']);
  expect(sources.filter((one) => one.text.includes('refusals.add(')).length).toBeGreaterThan(20);
});
