/** The right half of the page: one view at a time, chosen by tabs. */

import { defineViews, ELEMENTS } from '@snoopscope/views';
import type { ExplorationState, Intent, Picture } from '@snoopscope/views/draw';
import { html, nothing, render, type TemplateResult } from 'lit';
import type { KernelTable, TableCell } from './messages.ts';

export const TABS = ['timeline', 'memory', 'topology', 'outcomes', 'kernels', 'output'] as const;
export type Tab = (typeof TABS)[number];

const TITLES: Readonly<Record<Tab, string>> = {
  timeline: 'Timeline',
  memory: 'Memory',
  topology: 'Topology',
  outcomes: 'Outcomes',
  kernels: 'Kernels',
  output: 'Output',
};
const HINTS: Readonly<Record<Tab, string>> = {
  timeline: 'Run the scenario to see who did what when. Arrow keys go through the run; n and p go to findings.',
  memory: 'Run the scenario to see what DRAM, each cache and each device hold for every word.',
  topology: 'Run the scenario to see devices, groups, IOMMU domains, VMs and how they hang together.',
  outcomes:
    'Explore looks at all interleavings, or at as many as you choose here, and lists every outcome with the way to it.',
  kernels: 'Compare kernels judges every condition on every mainline release.',
  output: 'What check and the run print is shown here.',
};

export interface ResultsListener {
  readonly chosen: (tab: Tab) => void;
  readonly intent: (intent: Intent) => void;
  /** Run on a kernel, under a schedule. */
  readonly run: (kernel: string, schedule: string | undefined) => void;
}

type PictureTab = keyof typeof ELEMENTS;

interface PictureElement extends HTMLElement {
  picture: unknown;
  exploration?: ExplorationState;
}

const NOT_EXPLORED: ExplorationState = { method: { kind: 'all' }, running: false, lines: [HINTS.outcomes] };

export class Results {
  readonly #tabs: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #listener: ResultsListener;
  readonly #pictures = new Map<PictureTab, Picture>();
  readonly #elements = new Map<PictureTab, PictureElement>();
  #exploration: ExplorationState = NOT_EXPLORED;
  #table: KernelTable | undefined;
  #lines: readonly string[] = [];
  #tab: Tab = 'timeline';

  constructor(tabs: HTMLElement, panel: HTMLElement, listener: ResultsListener) {
    defineViews();
    this.#tabs = tabs;
    this.#panel = panel;
    this.#listener = listener;
    tabs.addEventListener('keydown', (event) => this.#key(event));
    this.#draw();
  }

  get tab(): Tab {
    return this.#tab;
  }

  choose(tab: Tab): void {
    if (this.#tab === tab) return;
    this.#tab = tab;
    this.#draw();
    this.#listener.chosen(tab);
  }

  show(tab: PictureTab, picture: Picture | undefined): void {
    if (picture) this.#pictures.set(tab, picture);
    else this.#pictures.delete(tab);
    if (this.#tab === tab) this.#draw();
  }

  /** Drops what belongs to an earlier run. */
  forget(): void {
    this.#pictures.clear();
    this.#exploration = { ...NOT_EXPLORED, method: this.#exploration.method };
    this.#table = undefined;
    this.#draw();
  }

  /** How the scenario is explored, and how far that is. */
  tell(exploration: ExplorationState): void {
    this.#exploration = exploration;
    if (this.#tab === 'outcomes') this.#draw();
  }

  showTable(table: KernelTable): void {
    this.#table = table;
    this.#draw();
  }

  print(lines: readonly string[]): void {
    this.#lines = lines;
    this.#draw();
  }

  /** What comes next is about another run. */
  separate(): void {
    if (this.#lines.length > 0) this.append('');
  }

  append(text: string): void {
    this.#lines = [...this.#lines, ...text.replace(/\n$/, '').split('\n')].slice(-MOST_LINES);
    if (this.#tab === 'output') this.#draw();
  }

  #draw(): void {
    render(
      html`${TABS.map(
        (tab) => html`<button
          type="button"
          role="tab"
          id="tab-${tab}"
          aria-controls="panel"
          aria-selected=${tab === this.#tab}
          tabindex=${tab === this.#tab ? 0 : -1}
          @click=${() => this.choose(tab)}
        >${TITLES[tab]}</button>`,
      )}`,
      this.#tabs,
    );
    this.#panel.setAttribute('aria-labelledby', `tab-${this.#tab}`);
    render(this.#content(), this.#panel);
  }

  #content(): TemplateResult | HTMLElement {
    const tab = this.#tab;
    if (tab === 'output')
      return this.#lines.length === 0 ? hint(tab) : html`<pre tabindex="0">${this.#lines.join('\n')}</pre>`;
    if (tab === 'kernels') return this.#table ? this.#tableOf(this.#table) : hint(tab);
    const picture = this.#pictures.get(tab);
    if (!picture && tab !== 'outcomes') return hint(tab);
    const element = this.#element(tab);
    element.picture = picture;
    if (tab === 'outcomes') element.exploration = this.#exploration;
    return element;
  }

  #element(tab: PictureTab): PictureElement {
    const known = this.#elements.get(tab);
    if (known) return known;
    const element = document.createElement(ELEMENTS[tab]) as PictureElement;
    element.addEventListener('intent', (event) => this.#listener.intent((event as CustomEvent<Intent>).detail));
    this.#elements.set(tab, element);
    return element;
  }

  #tableOf({ kernels, rows }: KernelTable): TemplateResult {
    return html`<div><table class="table">
      <caption>Verdicts by kernel: a cell runs the scenario there</caption>
      <thead><tr><th scope="col">condition</th>${kernels.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>
        <tr>
          <th scope="row">all of it</th>
          ${kernels.map(({ passed, oldest }) => html`<td>${this.#cell(passed === undefined ? 'open' : passed ? 'passed' : 'FAILED', oldest, undefined)}</td>`)}
        </tr>
        ${rows.map(
          ({ condition, cells }) => html`<tr>
            <td class="condition">${condition}</td>
            ${cells.map((cell, i) => html`<td>${cell ? this.#cell(verdictOf(cell), kernels[i]?.oldest ?? '', cell.schedule) : nothing}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table></div>`;
  }

  #cell(text: string, kernel: string, schedule: string | undefined): TemplateResult {
    return html`<button type="button" @click=${() => this.#listener.run(kernel, schedule)} aria-label="${text}: run on ${kernel}">${text}</button>`;
  }

  #key(event: KeyboardEvent): void {
    const at = TABS.indexOf(this.#tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
    const tab = to === undefined ? undefined : TABS[(to + TABS.length) % TABS.length];
    if (!tab) return;
    event.preventDefault();
    this.choose(tab);
    this.#tabs.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  }
}

const MOST_LINES = 5000;

function verdictOf({ holds }: TableCell): string {
  return holds === undefined ? 'open' : holds ? 'holds' : 'FAILS';
}

function hint(tab: Tab): TemplateResult {
  return html`<p class="hint">${HINTS[tab]}</p>`;
}
