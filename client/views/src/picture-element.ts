/**
 * An element that shows one picture: the drawing, what it does not show, and its text equivalent.
 *
 * It is given a record and gives back intents, as `intent` events. Whoever places it on a page decides what they mean.
 */
import { tableLines } from '@snoopscope/sim-core';
import { css, html, LitElement, nothing, type PropertyValues, svg, type TemplateResult, unsafeCSS } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { type Drawing, draw, type Intent, moved, type Picture, textOf } from './draw/index.ts';
import type { Shape } from './draw/shape.ts';
import { STYLE } from './draw/style.ts';
import { type Choices, choicesIn, rendered } from './lit-shapes.ts';
import { tablesOf } from './text-table.ts';
import { filled, WORDS, type Words } from './words.ts';

/** Narrower than this nothing can be read: the drawing then scrolls. */
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
      .toolbar { display: flex; flex-wrap: wrap; gap: 4px; padding: 4px 8px; align-items: center; position: sticky; top: 0; left: 0; background: var(--vscode-panel-background, var(--vscode-editor-background, Canvas)); font: 12px var(--vscode-font-family, system-ui, sans-serif); }
      .toolbar button { min-width: 26px; height: 24px; border: 1px solid var(--vscode-contrastBorder, var(--vscode-button-border, transparent)); border-radius: 3px; color: var(--vscode-button-secondaryForeground, var(--vscode-foreground, ButtonText)); background: var(--vscode-button-secondaryBackground, transparent); cursor: pointer; }
      .toolbar button:focus-visible, .toolbar input:focus-visible, .toolbar select:focus-visible { outline: 1px solid var(--vscode-focusBorder, Highlight); }
      .toolbar button:disabled { opacity: 0.5; cursor: default; }
      .toolbar input, .toolbar select { height: 22px; color: var(--vscode-input-foreground, FieldText); background: var(--vscode-input-background, Field); border: 1px solid var(--vscode-input-border, var(--vscode-editorWidget-border, GrayText)); }
      .toolbar input[type='search'] { width: 150px; }
      .toolbar .wide { padding: 0 10px; }
      .toolbar input::placeholder { color: var(--vscode-input-placeholderForeground, GrayText); }
      .notice { margin: 4px 8px; font: 12px var(--vscode-font-family, system-ui, sans-serif); }
      svg { display: block; }
      svg:focus-visible { outline: 1px solid var(--snoop-focus); outline-offset: -1px; }
      details { margin: 8px; font: 12px var(--vscode-font-family, system-ui, sans-serif); }
      summary { cursor: pointer; }
      details .toolbar { position: static; padding: 6px 0 0; }
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
  #still: Omit<Still, 'templates'> | undefined;
  readonly #observer: ResizeObserver;
  /** The reader was in the drawing last: another picture, or a host that had the focus for a moment, changes nothing. */
  #inDrawing = false;

  constructor() {
    super();
    this.words = WORDS;
    this.width = 0;
    this.active = 0;
    this.tableOpen = false;
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) this.width = Math.max(LEAST_WIDTH, width);
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
    window.addEventListener('focus', this.#focusAgain);
  }

  override disconnectedCallback(): void {
    this.#observer.disconnect();
    window.removeEventListener('focus', this.#focusAgain);
    super.disconnectedCallback();
  }

  protected override shouldUpdate(changed: PropertyValues<this>): boolean {
    // Another record may have fewer shapes.
    if (changed.has('picture')) this.active = Math.min(this.active, Math.max(0, this.#choices.length - 1));
    return true;
  }

  protected override updated(): void {
    this.#focusAgain();
  }

  protected override render(): TemplateResult {
    const { picture } = this;
    if (!picture) return html`<p class="notice">${this.words.nothing}</p>`;
    return html`${this.toolbar(picture)}
      ${picture.notices.map((notice) => html`<p class="notice" role="status">${notice}</p>`)}
      ${this.width === 0 ? nothing : this.#drawing(picture)}
      <details @toggle=${this.#toggled}>
        <summary>${this.words.asTable}</summary>
        ${this.tableOpen ? html`<div class="toolbar"><button type="button" class="wide" @click=${this.#copied}>${this.words.copyAsText}</button></div><div class="tables" tabindex="0" role="region" aria-label=${this.words.asTable}>${tablesOf(textOf(picture))}</div>` : nothing}
      </details>`;
  }

  /** What is above the drawing. */
  protected toolbar(_picture: Shown): TemplateResult | typeof nothing {
    return nothing;
  }

  /** The picture as it is drawn: with what the host does not know yet. */
  protected shown(picture: Shown): Shown {
    return picture;
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
    const { drawing, templates } = this.#stillOf(picture);
    const { width, height } = drawing;
    const { label, moving = [] } = moved(drawing, this.shown(picture));
    const none: Choices = { active: -1, numbers: new Map() };
    const content = [templates, ...moving.map((shape) => rendered(shape, none))];
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
      @focusout=${this.#left}
    >${svg`${content}`}</svg>
    <span id="keys" class="unseen">${this.words.keys}</span>`;
  }

  readonly #toggled = (event: Event): void => {
    this.tableOpen = (event.target as HTMLDetailsElement).open;
  };

  /** The drawing without what moves: kept while records differ in their cursor alone, so that a frame costs little. */
  #stillOf(picture: Shown): Still {
    const known = this.#still;
    const same = known && known.width === this.width && (known.picture === picture || known.key === keyOf(picture));
    const still = same ? known : { width: this.width, key: keyOf(picture), drawing: draw(picture, this.width, false) };
    const templates = guard([still.drawing, this.active], () => {
      this.#choices = choicesIn(still.drawing.shapes);
      const numbers = new Map(this.#choices.map((shape, number) => [shape, number]));
      const choices: Choices = { active: this.active, numbers };
      return still.drawing.shapes.map((shape) => rendered(shape, choices));
    });
    this.#still = { ...still, picture };
    return { ...this.#still, templates };
  }

  readonly #copied = (): void => {
    if (this.picture) this.intend({ kind: 'copy', text: `${tableLines(textOf(this.picture)).join('\n')}\n` });
  };

  readonly #clicked = (event: Event): void => {
    const number = numberOf(event);
    if (number !== undefined) this.#open(number);
  };

  readonly #focused = (event: Event): void => {
    this.#inDrawing = true;
    const number = numberOf(event);
    if (number !== undefined) this.active = number;
  };

  /** To nothing is where the focus goes when its element is drawn again, and when the page loses it. */
  readonly #left = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget instanceof Element && !relatedTarget.closest('svg')) this.#inDrawing = false;
  };

  readonly #focusAgain = (): void => {
    if (!this.#inDrawing || !document.hasFocus() || this.shadowRoot?.activeElement) return;
    this.renderRoot.querySelector<SVGElement>(`[data-choice="${this.active}"]`)?.focus({ preventScroll: true });
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

interface Still {
  readonly picture: Picture;
  readonly key: string;
  readonly width: number;
  readonly drawing: Drawing;
  readonly templates: unknown;
}

/** What a record says beside where the cursor is. */
function keyOf(picture: Picture): string {
  return JSON.stringify({ ...picture, cursor: undefined });
}

/** The number of the shape that an event is about. */
function numberOf(event: Event): number | undefined {
  const chosen = (event.target as Element | null)?.closest('[data-choice]');
  return chosen ? Number(chosen.getAttribute('data-choice')) : undefined;
}
