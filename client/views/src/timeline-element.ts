/** The timeline on a page: scrubbed by pointer and keys, zoomed and filtered. */
import type { Timeline } from '@snoopscope/sim-core';
import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { GUTTER, RIGHT } from './draw/timeline-frame.ts';
import { PictureElement } from './picture-element.ts';

/** How much nearer one zoom is. */
const ZOOM = 2;
/** Steps of a page of the keyboard. */
const PAGE = 10;
/** Nearer than this there is nothing more to see. */
const LEAST_STEPS = 8;

export class TimelineElement extends PictureElement<Timeline> {
  static override readonly properties = { ...PictureElement.properties, scrubbed: { state: true } };
  static override readonly styles = [
    ...PictureElement.styles,
    css`
      .at { margin-left: 6px; }
    `,
  ];

  /** Where the pointer or the keys have the cursor, until the host's picture follows. */
  declare protected scrubbed: number | undefined;
  #asked: number | undefined;
  #frame = 0;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has('picture') && this.picture?.cursor === this.#asked) this.scrubbed = this.#asked = undefined;
  }

  /** The cursor cannot go where the reader has put it: it stays where the picture shows it. */
  refuse(): void {
    this.scrubbed = this.#asked = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('pointerdown', this.#grabbed);
    this.addEventListener('wheel', this.#wheeled, { passive: false });
  }

  override disconnectedCallback(): void {
    this.removeEventListener('pointerdown', this.#grabbed);
    this.removeEventListener('wheel', this.#wheeled);
    cancelAnimationFrame(this.#frame);
    super.disconnectedCallback();
  }

  protected override toolbar({ steps, filter, findings }: Timeline): TemplateResult {
    const { words } = this;
    const button = (text: string, label: string, act: () => void, off = false): TemplateResult =>
      html`<button type="button" aria-label=${label} title=${label} ?disabled=${off} @click=${act}>${text}</button>`;
    const none = findings.length === 0;
    return html`<div class="toolbar" role="toolbar" aria-label="Timeline">
      ${button('◀', words.back, () => this.#moveTo(this.#cursor - 1))}
      ${button('▶', words.forward, () => this.#moveTo(this.#cursor + 1))}
      ${button('⚑◀', words.previousFinding, () => this.intend({ kind: 'finding', forwards: false }), none)}
      ${button('⚑▶', words.nextFinding, () => this.intend({ kind: 'finding', forwards: true }), none)}
      ${button('−', words.zoomOut, () => this.#zoom(ZOOM))}
      ${button('+', words.zoomIn, () => this.#zoom(1 / ZOOM))}
      ${button('↔', words.whole, () => this.intend({ kind: 'window', first: 0, end: steps }))}
      <input
        type="search"
        aria-label=${words.filterHint}
        placeholder=${words.filter}
        title=${words.filterHint}
        .value=${filter}
        @change=${this.#filtered}
        @keydown=${this.#inFilter}
      />
      <span class="at" role="status">${this.said(words.cursorAt, this.#cursor, steps)}</span>
    </div>`;
  }

  protected override shown(picture: Timeline): Timeline {
    return { ...picture, cursor: this.#cursor };
  }

  protected override key({ key, shiftKey }: KeyboardEvent): boolean {
    const steps = this.picture?.steps ?? 0;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#moveTo(this.#cursor - (shiftKey ? PAGE : 1)),
      ArrowRight: () => this.#moveTo(this.#cursor + (shiftKey ? PAGE : 1)),
      Home: () => this.#moveTo(0),
      End: () => this.#moveTo(steps),
      n: () => this.intend({ kind: 'finding', forwards: true }),
      p: () => this.intend({ kind: 'finding', forwards: false }),
      '+': () => this.#zoom(1 / ZOOM),
      '=': () => this.#zoom(1 / ZOOM),
      '-': () => this.#zoom(ZOOM),
      '0': () => this.intend({ kind: 'window', first: 0, end: steps }),
      '/': () => this.renderRoot.querySelector<HTMLInputElement>('input')?.focus(),
    };
    const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
    move?.();
    return move !== undefined;
  }

  get #cursor(): number {
    return this.scrubbed ?? this.picture?.cursor ?? 0;
  }

  /** The next frame asks for it: a pointer moves more often than a screen is drawn. */
  #moveTo(position: number): void {
    const { picture } = this;
    if (!picture) return;
    this.scrubbed = Math.max(0, Math.min(picture.steps, position));
    this.#keepInView(this.scrubbed, picture);
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      if (this.scrubbed === undefined || this.scrubbed === this.#asked) return;
      this.#asked = this.scrubbed;
      this.intend({ kind: 'goTo', position: this.scrubbed });
    });
  }

  /** A cursor that leaves the window takes the window along. */
  #keepInView(position: number, { window: { first, end }, steps }: Timeline): void {
    if (position >= first && position <= end) return;
    const size = end - first;
    const from = Math.max(0, Math.min(steps - size, Math.round(position - size / 2)));
    this.intend({ kind: 'window', first: from, end: from + size });
  }

  /** Around the cursor, which stays where it is on the screen. */
  #zoom(factor: number, around = this.#cursor): void {
    const { picture } = this;
    if (!picture) return;
    const { window, steps } = picture;
    const size = Math.max(
      Math.min(LEAST_STEPS, steps),
      Math.min(steps, Math.round((window.end - window.first) * factor)),
    );
    const centre = Math.max(window.first, Math.min(window.end, around));
    const share = (centre - window.first) / Math.max(1, window.end - window.first);
    const first = Math.max(0, Math.min(steps - size, Math.round(centre - share * size)));
    this.intend({ kind: 'window', first, end: first + size });
  }

  readonly #filtered = (event: Event): void => {
    this.intend({ kind: 'filter', text: (event.target as HTMLInputElement).value });
  };

  readonly #inFilter = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    (event.target as HTMLInputElement).value = '';
    this.intend({ kind: 'filter', text: '' });
  };

  readonly #grabbed = (event: PointerEvent): void => {
    const target = event.composedPath()[0] as Element;
    const drawing = target.closest('svg');
    // What can be chosen is clicked; the rest of the drawing is where the cursor is pulled.
    if (!drawing || target.closest('[data-choice]') || event.button !== 0) return;
    const follow = (at: PointerEvent): void => this.#moveTo(Math.round(this.#stepAt(at, drawing)));
    const release = (): void => {
      this.removeEventListener('pointermove', follow);
      this.removeEventListener('pointerup', release);
      this.removeEventListener('pointercancel', release);
    };
    this.setPointerCapture(event.pointerId);
    this.addEventListener('pointermove', follow);
    this.addEventListener('pointerup', release);
    this.addEventListener('pointercancel', release);
    follow(event);
  };

  readonly #wheeled = (event: WheelEvent): void => {
    const drawing = this.renderRoot.querySelector('svg');
    const { picture } = this;
    if (!drawing || !picture || !(event.ctrlKey || event.shiftKey)) return;
    event.preventDefault();
    const { window, steps } = picture;
    const size = window.end - window.first;
    if (event.ctrlKey) {
      this.#zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, this.#stepAt(event, drawing));
      return;
    }
    const by = Math.sign(event.deltaY + event.deltaX) * Math.max(1, Math.round(size / 8));
    const first = Math.max(0, Math.min(steps - size, window.first + by));
    this.intend({ kind: 'window', first, end: first + size });
  };

  #stepAt(event: { readonly clientX: number }, drawing: Element): number {
    const { left, width } = drawing.getBoundingClientRect();
    const window = this.picture?.window ?? { first: 0, end: 1 };
    // As the drawing has it: names to the left, a margin to the right.
    const share = (event.clientX - left - GUTTER) / Math.max(1, width - GUTTER - RIGHT);
    return window.first + share * (window.end - window.first);
  }
}
