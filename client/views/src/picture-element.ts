/**
 * An element that shows one picture: the drawing, what it does not show, and its text equivalent.
 *
 * It is given a record and gives back intents, as `intent` events. Whoever places it on a page decides what they mean.
 */
import { css, html, LitElement, nothing, type PropertyValues, svg, type TemplateResult, unsafeCSS } from 'lit';
import { draw, type Intent, type Picture, textOf } from './draw/index.ts';
import type { Shape } from './draw/shape.ts';
import { STYLE } from './draw/style.ts';
import { type Choices, rendered } from './lit-shapes.ts';
import { tablesOf } from './text-table.ts';
import { filled, WORDS, type Words } from './words.ts';

/** Narrower than this nothing can be read, and a page that is laid out only now has no width yet. */
const LEAST_WIDTH = 240;

export class PictureElement<Shown extends Picture> extends LitElement {
  static override readonly properties = {
    picture: { attribute: false },
    words: { attribute: false },
    width: { state: true },
    active: { state: true },
    tableOpen: { state: true },
  };

  static override readonly styles = [
    unsafeCSS(STYLE),
    css`
      :host { display: block; overflow: auto; height: 100%; color: var(--vscode-foreground, inherit); }
      .notice { margin: 4px 8px; font: 12px var(--vscode-font-family, system-ui, sans-serif); }
      svg { display: block; }
      svg:focus-visible { outline: 1px solid var(--snoop-focus); outline-offset: -1px; }
      details { margin: 8px; font: 12px var(--vscode-font-family, system-ui, sans-serif); }
      summary { cursor: pointer; }
      .tables { overflow-x: auto; }
      table { border-collapse: collapse; margin: 8px 0; }
      caption { text-align: left; font-weight: bold; padding: 2px 0; }
      th, td { text-align: left; padding: 1px 10px 1px 0; vertical-align: top; white-space: pre; font-family: var(--vscode-editor-font-family, monospace); }
      .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    `,
  ];

  declare picture: Shown | undefined;
  declare words: Words;
  declare protected width: number;
  declare protected active: number;
  declare protected tableOpen: boolean;
  #choices: Shape[] = [];
  readonly #observer: ResizeObserver;

  constructor() {
    super();
    this.words = WORDS;
    this.width = 0;
    this.active = 0;
    this.tableOpen = false;
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width >= LEAST_WIDTH) this.width = width;
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    this.#observer.disconnect();
    super.disconnectedCallback();
  }

  protected override shouldUpdate(changed: PropertyValues<this>): boolean {
    // Another record may have fewer shapes.
    if (changed.has('picture')) this.active = Math.min(this.active, Math.max(0, this.#choices.length - 1));
    return true;
  }

  protected override render(): TemplateResult {
    const { picture } = this;
    if (!picture) return html`<p class="notice">${this.words.nothing}</p>`;
    return html`${this.toolbar(picture)}
      ${picture.notices.map((notice) => html`<p class="notice" role="status">${notice}</p>`)}
      ${this.width === 0 ? nothing : this.#drawing(picture)}
      <details @toggle=${this.#toggled}>
        <summary>${this.words.asTable}</summary>
        ${this.tableOpen ? html`<div class="tables" tabindex="0" role="region" aria-label=${this.words.asTable}>${tablesOf(textOf(picture))}</div>` : nothing}
      </details>`;
  }

  /** What is above the drawing. */
  protected toolbar(_picture: Shown): TemplateResult | typeof nothing {
    return nothing;
  }

  /** What the keys of a picture do beyond choosing. True when one was used. */
  protected key(_event: KeyboardEvent): boolean {
    return false;
  }

  /** Gives an intent to the host. */
  protected intend(intent: Intent): void {
    this.dispatchEvent(new CustomEvent('intent', { detail: intent, bubbles: true, composed: true }));
  }

  #drawing(picture: Shown): TemplateResult {
    const { width, height, label, shapes } = draw(picture, this.width);
    this.#choices = [];
    const choices: Choices = { active: this.active, next: (shape) => this.#choices.push(shape) - 1 };
    const content = shapes.map((shape) => rendered(shape, choices));
    return html`<svg
      class="snoop-picture"
      width=${width}
      height=${Math.ceil(height)}
      viewBox="0 0 ${width} ${Math.ceil(height)}"
      role="group"
      aria-roledescription=${this.words.drawing}
      aria-label=${label}
      aria-describedby="keys"
      tabindex=${this.#choices.length === 0 ? 0 : -1}
      @click=${this.#clicked}
      @keydown=${this.#pressed}
      @focusin=${this.#focused}
    >${svg`${content}`}</svg>
    <span id="keys" class="unseen">${this.words.keys}</span>`;
  }

  readonly #toggled = (event: Event): void => {
    this.tableOpen = (event.target as HTMLDetailsElement).open;
  };

  readonly #clicked = (event: Event): void => {
    const number = numberOf(event);
    if (number !== undefined) this.#open(number);
  };

  readonly #focused = (event: Event): void => {
    const number = numberOf(event);
    if (number !== undefined) this.active = number;
  };

  readonly #pressed = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!this.key(event) && !this.#choosing(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  #choosing({ key }: KeyboardEvent): boolean {
    const last = this.#choices.length - 1;
    switch (key) {
      case 'Enter':
      case ' ':
        this.#open(this.active);
        return true;
      case 'ArrowDown':
      case 'ArrowRight':
        this.#goTo(Math.min(last, this.active + 1));
        return true;
      case 'ArrowUp':
      case 'ArrowLeft':
        this.#goTo(Math.max(0, this.active - 1));
        return true;
      case 'Home':
        this.#goTo(0);
        return true;
      case 'End':
        this.#goTo(last);
        return true;
      default:
        return false;
    }
  }

  #goTo(number: number): void {
    this.active = number;
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<SVGElement>(`[data-choice="${number}"]`)?.focus(),
    );
  }

  #open(number: number): void {
    const intent = this.#choices[number]?.intent;
    if (intent) this.intend(intent);
  }

  protected said(text: string, ...values: readonly (string | number)[]): string {
    return filled(text, ...values);
  }
}

/** The number of the shape that an event is about. */
function numberOf(event: Event): number | undefined {
  const chosen = (event.target as Element | null)?.closest('[data-choice]');
  return chosen ? Number(chosen.getAttribute('data-choice')) : undefined;
}
