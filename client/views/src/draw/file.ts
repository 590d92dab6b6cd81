/** A drawing as a self-contained SVG file: with its style, and its text equivalent as the description. */
import type { PictureText } from '@snoopscope/sim-core';
import { tableLines } from '@snoopscope/sim-core';
import type { Drawing, Shape } from './shape.ts';
import { FILE_STYLE } from './style.ts';

export function svgFile({ width, height, label, shapes, moving = [] }: Drawing, text: PictureText): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="snoop-picture file" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title" aria-describedby="description">`,
    `<title id="title">${escaped(label)}</title>`,
    `<desc id="description">${escaped(tableLines(text).join('\n'))}</desc>`,
    `<style>${FILE_STYLE.replaceAll(/\s*\n\s*/g, ' ').trim()}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...[...shapes, ...moving].map(element),
    '</svg>',
  ].join('\n');
}

function element({ tag, attributes, children = [], text, label }: Shape): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const inside = [
    ...(label === undefined ? [] : [`<title>${escaped(label)}</title>`]),
    ...(text === undefined ? [] : [escaped(text)]),
    ...children.map(element),
  ].join('');
  return inside === '' ? `<${tag}${written.join('')}/>` : `<${tag}${written.join('')}>${inside}</${tag}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  // XML forbids other control characters even as entities.
  return text
    .replaceAll(/\p{Cc}/gu, (c) => ('\n\t'.includes(c) ? c : '\u{fffd}'))
    .replaceAll(/[&<>"]/g, (c) => ENTITIES[c] ?? c);
}
