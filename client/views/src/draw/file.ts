/** A drawing as a self-contained SVG file: with its style, and its text equivalent as the description. */
import type { PictureText } from '@snoopscope/sim-core';
import { tableLines } from '@snoopscope/sim-core';
import { CHARACTER, type Drawing, group, type Shape, text } from './shape.ts';
import { FILE_STYLE } from './style.ts';

const NOTICE_ROW = 18;

/** `seen`: the notices that the drawing does not have itself. */
export function svgFile(
  { width, height: drawn, label, shapes, moving = [] }: Drawing,
  said: PictureText,
  seen: readonly string[] = said.notices,
): string {
  // A page has them beside the drawing; a file of a picture without anything to draw would be blank.
  const notices = seen.flatMap((notice) => wrapped(notice, Math.floor((width - 16) / CHARACTER)));
  const top = notices.length * NOTICE_ROW;
  const height = top + drawn;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="snoop-picture file" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title" aria-describedby="description">`,
    `<title id="title">${escaped(label)}</title>`,
    `<desc id="description">${escaped(tableLines(said).join('\n'))}</desc>`,
    `<style>${FILE_STYLE.replaceAll(/\s*\n\s*/g, ' ').trim()}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...notices.map((line, i) => element(text(8, i * NOTICE_ROW + 14, line, ''))),
    ...(top > 0
      ? [element(group([...shapes, ...moving], { transform: `translate(0 ${top})` }))]
      : [...shapes, ...moving].map(element)),
    '</svg>',
  ].join('\n');
}

function wrapped(sentence: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
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
