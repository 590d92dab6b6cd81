import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { galleryTexts } from '../../scripts/gallery.mjs';

test('the page and the view of the gallery say what the scenarios say now (npm run generate -- gallery)', async () => {
  const texts = Object.entries(await galleryTexts());
  expect(texts).toHaveLength(2);
  for (const [file, text] of texts) expect(readFileSync(file, 'utf8'), file).toBe(text);
});
