/** Shapes as lit renders them: one template for each kind of element. */
import { nothing, type SVGTemplateResult, svg } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Shape } from './draw/shape.ts';

/** How a page shows the shapes that can be chosen. */
export interface Choices {
  /** Their numbers, from the first that is drawn to the last. */
  readonly numbers: ReadonlyMap<Shape, number>;
  /** Which of them the Tab key reaches. */
  readonly active: number;
}

/** All shapes with an intent, in the order in which they are drawn. */
export function choicesIn(shapes: readonly Shape[]): Shape[] {
  return shapes.flatMap((shape) => (shape.intent ? [shape] : choicesIn(shape.children ?? [])));
}

export function rendered(shape: Shape, choices: Choices): SVGTemplateResult {
  const { attributes: at, label, text } = shape;
  const title = label === undefined ? nothing : svg`<title>${label}</title>`;
  switch (shape.tag) {
    case 'rect':
      return svg`<rect x=${at.x} y=${at.y} width=${at.width} height=${at.height} class=${at.class}>${title}</rect>`;
    case 'line':
      return svg`<line x1=${at.x1} y1=${at.y1} x2=${at.x2} y2=${at.y2} class=${at.class}></line>`;
    case 'path':
      return svg`<path d=${at.d} class=${at.class}>${title}</path>`;
    case 'circle':
      return svg`<circle cx=${at.cx} cy=${at.cy} r=${at.r} class=${at.class}></circle>`;
    case 'text':
      return svg`<text x=${at.x} y=${at.y} class=${at.class}>${text}</text>`;
    case 'g':
      return renderedGroup(shape, choices, title);
  }
}

function renderedGroup(shape: Shape, choices: Choices, title: SVGTemplateResult | typeof nothing): SVGTemplateResult {
  const { class: className = nothing, transform = nothing } = shape.attributes;
  const children = shape.children ?? [];
  if (!shape.intent)
    return svg`<g class=${className} transform=${transform}>${renderedAll(children, choices)}${title}</g>`;
  const number = choices.numbers.get(shape) ?? -1;
  // What is written on it may be cut off: its name is the label, so the texts are drawn over it, not in it.
  const written = children.filter(({ tag }) => tag === 'text');
  const drawn = children.filter(({ tag }) => tag !== 'text');
  return svg`<g
    class="choice"
    role="button"
    tabindex=${number === choices.active ? 0 : -1}
    aria-label=${shape.label ?? ''}
    data-choice=${number}
    >${drawn.map((child) => rendered(child, choices))}${title}</g
  >${written.map((child) => rendered(child, choices))}`;
}

function renderedAll(shapes: readonly Shape[], choices: Choices): unknown {
  const keys = new Set(shapes.map(({ key }) => key));
  const keyed = keys.size === shapes.length && !keys.has(undefined);
  if (!keyed) return shapes.map((shape) => rendered(shape, choices));
  return repeat(
    shapes,
    ({ key }) => key,
    (shape) => rendered(shape, choices),
  );
}
