/** Outcomes on a page: what is explored and how, how far that is, and what came of it. */
import type { OutcomesPicture } from '@snoopscope/sim-core';
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { type ExplorationState, type ExploreMethod, METHOD_NUMBERS, type MethodNumber } from './draw/method.ts';
import { PictureElement } from './picture-element.ts';
import type { Words } from './words.ts';

const CHOICES = ['all', 'switches', 'random', 'pct', 'estimate'] as const;
type Choice = (typeof CHOICES)[number];

const NUMBERS: Readonly<Record<Choice, readonly MethodNumber[]>> = {
  all: [],
  switches: ['most'],
  random: ['runs', 'seed'],
  pct: ['runs', 'seed', 'pctDepth'],
  estimate: [],
};

const CHOICE_WORDS: Readonly<Record<Choice, keyof Words>> = {
  all: 'exploreAll',
  switches: 'exploreSwitches',
  random: 'exploreRandom',
  pct: 'explorePct',
  estimate: 'exploreEstimate',
};
const NUMBER_WORDS: Readonly<Record<MethodNumber, keyof Words>> = {
  most: 'switches',
  runs: 'runs',
  seed: 'seed',
  pctDepth: 'pctDepth',
};

export class OutcomesElement extends PictureElement<OutcomesPicture> {
  static override readonly properties = {
    ...PictureElement.properties,
    exploration: { attribute: false },
    choice: { state: true },
    numbers: { state: true },
  };
  static override readonly styles = [
    ...PictureElement.styles,
    css`
      .explore label { display: inline-flex; gap: 4px; align-items: center; }
      .explore input { width: 90px; }
      .explore input:invalid { border-color: var(--vscode-errorForeground, currentColor); }
      progress { width: 120px; accent-color: var(--vscode-charts-blue, Highlight); }
      .state { margin: 4px 8px; font: 12px var(--vscode-font-family, system-ui, sans-serif); }
      .state p { margin: 2px 0; }
      .state p:first-child { font-weight: bold; }
    `,
  ];

  /** Undefined on a page that explores by other means. */
  declare exploration: ExplorationState | undefined;
  declare protected choice: Choice;
  declare protected numbers: Readonly<Record<MethodNumber, number>>;

  constructor() {
    super();
    this.choice = 'all';
    this.numbers = { most: 2, runs: 1000, seed: 1, pctDepth: 3 };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const method = this.exploration?.method;
    // While nothing runs, the reader may already have chosen something else.
    if (!changed.has('exploration') || !method || sameMethod(changed.get('exploration')?.method, method)) return;
    this.choice = choiceOf(method);
    this.numbers = { ...this.numbers, ...numbersOf(method) };
  }

  protected override render(): TemplateResult {
    if (!this.exploration) return super.render();
    return html`${this.#form(this.exploration)}${this.#state(this.exploration)}${this.picture ? super.render() : nothing}`;
  }

  #form({ running }: ExplorationState): TemplateResult {
    const { words, choice } = this;
    return html`<div class="toolbar explore" role="group" aria-label=${words.explore} @keydown=${this.#entered}>
      <label>${words.explore}
        <select aria-label=${words.explore} @change=${this.#chosen} ?disabled=${running}>
          ${CHOICES.map((each) => html`<option value=${each} .selected=${each === choice}>${words[CHOICE_WORDS[each]]}</option>`)}
        </select>
      </label>
      ${NUMBERS[choice].map((name) => this.#number(name, running))}
      ${
        running
          ? html`<button type="button" class="wide" @click=${() => this.intend({ kind: 'cancel' })}>${words.cancel}</button>`
          : html`<button type="button" class="wide" @click=${this.#explore}>${words.explore}</button>`
      }
    </div>`;
  }

  #number(name: MethodNumber, running: boolean): TemplateResult {
    const { least, largest } = METHOD_NUMBERS[name];
    return html`<label>${this.words[NUMBER_WORDS[name]]}
      <input
        type="number"
        name=${name}
        min=${least}
        max=${largest}
        step="1"
        required
        .value=${String(this.numbers[name])}
        ?disabled=${running}
      />
    </label>`;
  }

  #state({ running, share, lines }: ExplorationState): TemplateResult {
    const bar =
      running && share !== undefined
        ? html`<progress max="1" value=${share} aria-label=${this.words.progress}></progress>`
        : nothing;
    return html`<div class="state" role="status" aria-busy=${running}>${lines.map((line) => html`<p>${line}</p>`)}${bar}</div>`;
  }

  readonly #chosen = (event: Event): void => {
    this.#keepTyped();
    this.choice = (event.target as HTMLSelectElement).value as Choice;
  };

  readonly #entered = (event: KeyboardEvent): void => {
    const { target } = event;
    if (event.key !== 'Enter' || !(target instanceof HTMLInputElement) || this.exploration?.running) return;
    event.preventDefault();
    this.#explore();
  };

  #inputs(): HTMLInputElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLInputElement>('.explore input')];
  }

  #keepTyped(): void {
    const valid = this.#inputs().filter(({ validity }) => validity.valid);
    const typed = Object.fromEntries(valid.map(({ name, valueAsNumber }) => [name, valueAsNumber]));
    this.numbers = { ...this.numbers, ...typed };
  }

  /** A number that is none is said at its field, by the browser. */
  readonly #explore = (): void => {
    if (this.#inputs().some((input) => !input.reportValidity())) return;
    this.#keepTyped();
    this.intend({ kind: 'explore', method: methodOf(this.choice, this.numbers) });
  };
}

function choiceOf(method: ExploreMethod): Choice {
  return method.kind === 'random' && method.pctDepth !== undefined ? 'pct' : method.kind;
}

function numbersOf(method: ExploreMethod): Partial<Record<MethodNumber, number>> {
  const { kind: _, ...numbers } = method;
  return numbers;
}

function methodOf(
  choice: Choice,
  { most, runs, seed, pctDepth }: Readonly<Record<MethodNumber, number>>,
): ExploreMethod {
  switch (choice) {
    case 'switches':
      return { kind: 'switches', most };
    case 'random':
      return { kind: 'random', runs, seed };
    case 'pct':
      return { kind: 'random', runs, seed, pctDepth };
    default:
      return { kind: choice };
  }
}

function sameMethod(a: ExploreMethod | undefined, b: ExploreMethod): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
