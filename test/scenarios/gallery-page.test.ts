import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { galleryPage } from '../../scripts/gallery.mjs';

test('docs/gallery.md says what the scenarios say now (npm run generate -- gallery)', async () => {
  const page = path.resolve(import.meta.dirname, '../../docs/gallery.md');
  expect(readFileSync(page, 'utf8')).toBe(await galleryPage());
}, 120_000);
