/** The page: connects the editor, the run, the results and the worker around them. */

import kernels from 'built:kernels';
import type { ExploreMethod } from '@snoopscope/views/draw';
import { createEditor, PATH } from './editor.ts';
import { FIRST, type GalleryScenario, loadGallery } from './gallery.ts';
import type { FromWorker, Job, JobAnswer, PageToWorker } from './messages.ts';
import { Results } from './results.ts';
import { type LaunchChoice, RUN_PICTURES, type RunPicture, ScenarioRun } from './run.ts';
import { linkOf, readLink, type Shared } from './share.ts';

/** What is typed is kept for the next visit. */
const KEPT = 'snoopscope.scenario';
const KEEP_AFTER_MS = 500;

const element = <Kind extends HTMLElement>(id: string): Kind => document.getElementById(id) as Kind;
const status = (text: string): void => {
  element('status').textContent = text;
};

async function start(): Promise<void> {
  const linked = await readLink(location.hash);
  const shared = linked && ('problem' in linked ? linked.kept : linked);
  const page = new Page(shared ?? { text: localStorage.getItem(KEPT) ?? FIRST.text });
  await page.fill();
  if (linked && 'problem' in linked) status(linked.problem);
  else if (shared) await page.open(shared);
  else status('Ready. Run steps through the scenario; Explore looks at all interleavings.');
  if ('serviceWorker' in navigator) await navigator.serviceWorker.register('service-worker.js').catch(() => {});
}

class Page {
  readonly #editor;
  readonly #worker = new Worker('worker.js', { name: 'simulator' });
  readonly #results: Results;
  readonly #run: ScenarioRun;
  #method: ExploreMethod = { kind: 'all' };
  /** Ends the job that runs. */
  #cancel = (): void => {};
  readonly #jobs = new Map<number, (answer: JobAnswer) => void>();
  #gallery: readonly GalleryScenario[] = [];
  #job = 0;
  #shownName: string | undefined;
  #schedule: string | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  /** Text that is put into the editor by the page is not the user's. */
  #opening = false;

  constructor({ text, name }: Shared) {
    this.#editor = createEditor(element('editor'), text);
    this.#shownName = name;
    const language = this.#portTo('language');
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) =>
      this.#jobs.get(data.id)?.(data.answer),
    );
    this.#worker.addEventListener('error', ({ message }) =>
      status(`The simulator has stopped: ${message}. Reload the page.`),
    );
    void import('./language.ts').then(({ connectLanguage }) => connectLanguage(language));
    this.#results = new Results(element('tabs'), element('panel'), {
      chosen: () => void this.#refresh(),
      intent: (intent) => {
        if (intent.kind === 'debug') void this.#launch({ schedule: intent.schedule });
        else if (intent.kind === 'line') this.#editor.goTo(intent.line + 1);
        else if (intent.kind === 'explore') {
          this.#method = intent.method;
          void this.#work('explore');
        } else if (intent.kind === 'cancel') this.#cancel();
        else if (intent.kind === 'copy') void copy(intent.text);
        else void this.#run.follow(intent).then((again) => (again ? this.#refresh() : undefined), sayReason);
      },
      run: (kernel, schedule) => {
        element<HTMLSelectElement>('kernel').value = kernel;
        void this.#launch(schedule === undefined ? {} : { schedule });
      },
    });
    this.#run = new ScenarioRun(() => this.#portTo('debug'), {
      moved: ({ line, position, steps }) => {
        this.#editor.showLine(line);
        status(`Step ${position} of ${steps}${line === undefined ? '' : `, line ${line}`}`);
        void this.#refresh();
      },
      ended: () => {
        this.#editor.showLine(undefined);
        this.#enable();
      },
      said: (text) => this.#results.append(text),
    });
    this.#editor.onChange(() => this.#changed());
    this.#listen();
    this.#sendFiles();
    this.#enable();
  }

  /** What the page can do without, later. */
  async fill(): Promise<void> {
    const kernel = element<HTMLSelectElement>('kernel');
    kernel.replaceChildren(
      new Option("the scenario's", ''),
      ...kernels.toReversed().map((name) => new Option(name, name)),
    );
    const gallery = element<HTMLSelectElement>('gallery');
    gallery.replaceChildren(new Option(FIRST.title, FIRST.path));
    try {
      this.#gallery = await loadGallery();
    } catch (error) {
      sayReason(error);
      return;
    }
    const topicOf = ({ path }: GalleryScenario): string => path.split('/')[0] ?? '';
    const topics = [...new Set(this.#gallery.map(topicOf))];
    gallery.replaceChildren(
      new Option('your own', ''),
      ...topics.map((topic) => {
        const entries = this.#gallery.filter((entry) => topicOf(entry) === topic);
        const group = document.createElement('optgroup');
        group.label = topic.replaceAll('-', ' ');
        group.append(...entries.map(({ title, path }) => new Option(title, path)));
        return group;
      }),
    );
    gallery.value = this.#gallery.find(({ text }) => text === this.#editor.text())?.path ?? '';
    this.#sendFiles();
  }

  async open({ text, kernel, schedule, position, name }: Shared): Promise<void> {
    this.#replace(text);
    this.#shownName = name;
    element<HTMLSelectElement>('kernel').value = kernel ?? '';
    await this.#launch({ ...(schedule !== undefined && { schedule }), ...(position !== undefined && { position }) });
  }

  #replace(text: string): void {
    this.#opening = true;
    this.#editor.open(text);
    this.#opening = false;
    this.#results.forget();
    this.#sendFiles();
  }

  #changed(): void {
    this.#sendFiles();
    if (this.#opening) return;
    element<HTMLSelectElement>('gallery').value = '';
    // A run is of the text as it was: it ends with the first change.
    if (this.#run.active) {
      status('Edited: Run starts again.');
      void this.#run.stop();
    }
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => localStorage.setItem(KEPT, this.#editor.text()), KEEP_AFTER_MS);
  }

  #sendFiles(): void {
    const files = Object.fromEntries(this.#gallery.map(({ path, text }) => [`/${path}`, text]));
    this.#tell({ kind: 'files', files: { ...files, [PATH]: this.#editor.text() } });
  }

  #tell(message: PageToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #portTo(kind: 'language' | 'debug'): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#tell({ kind, port: port2 }, [port2]);
    return port1;
  }

  #kernel(): { kernel?: string } {
    const { value } = element<HTMLSelectElement>('kernel');
    return value === '' ? {} : { kernel: value };
  }

  async #launch(choice: LaunchChoice): Promise<void> {
    this.#schedule = choice.schedule;
    this.#results.separate();
    if (!RUN_PICTURES.includes(this.#results.tab as RunPicture)) this.#results.choose('timeline');
    try {
      await this.#run.launch({ ...this.#kernel(), ...choice });
    } catch (error) {
      sayReason(error);
    }
    this.#enable();
  }

  async #refresh(): Promise<void> {
    const { tab } = this.#results;
    if (!RUN_PICTURES.includes(tab as RunPicture)) return;
    const picture = await this.#run.picture(tab as RunPicture);
    if (picture) this.#results.show(tab as RunPicture, picture);
  }

  #enable(): void {
    for (const id of ['step-back', 'reverse', 'continue', 'stop'])
      element<HTMLButtonElement>(id).disabled = !this.#run.active;
  }

  #listen(): void {
    const on = (id: string, act: () => Promise<unknown>): void =>
      element(id).addEventListener('click', () => void act().catch(sayReason));
    on('run', () => this.#launch({}));
    on('step', () => (this.#run.active ? this.#run.step() : this.#launch({ stopOnEntry: true })));
    on('step-back', () => this.#run.stepBack());
    on('continue', () => this.#run.continue());
    on('reverse', () => this.#run.reverse());
    on('stop', async () => {
      await this.#run.stop();
      status('Stopped.');
    });
    on('check', () => this.#work('check'));
    on('explore', () => this.#work('explore'));
    on('compare', () => this.#work('compare'));
    on('share', () => this.#share());
    element('gallery').addEventListener('change', () => {
      const entry = this.#gallery.find(({ path }) => path === element<HTMLSelectElement>('gallery').value);
      if (entry) void this.open({ text: entry.text, name: entry.path });
    });
    element('kernel').addEventListener('change', () => {
      if (this.#run.active) void this.#launch(this.#schedule === undefined ? {} : { schedule: this.#schedule });
    });
    addEventListener('hashchange', () => {
      void readLink(location.hash).then((link) => {
        if (link && 'problem' in link) status(link.problem);
        else if (link) void this.open(link);
      });
    });
  }

  async #work(kind: Job['kind']): Promise<void> {
    this.#cancel();
    const id = ++this.#job;
    const cancel = element<HTMLButtonElement>('cancel');
    const method = this.#method;
    const tell = (running: boolean, lines: readonly string[], share?: number): void => {
      if (kind === 'explore') this.#results.tell({ method, running, lines, ...(share !== undefined && { share }) });
    };
    if (kind === 'explore') this.#results.choose('outcomes');
    tell(true, ['Exploring']);
    const answer = await new Promise<JobAnswer | undefined>((resolve) => {
      this.#jobs.set(id, (got) => {
        if (got.kind === 'progress') {
          status(`${WORKING[kind]}: ${got.text}`);
          tell(true, ['Exploring', got.text], got.share);
        } else resolve(got);
      });
      this.#cancel = () => {
        this.#tell({ kind: 'cancel', id });
        resolve(undefined);
      };
      cancel.hidden = false;
      cancel.onclick = () => this.#cancel();
      status(`${WORKING[kind]} …`);
      const job: Job = { kind, path: PATH, text: this.#editor.text(), method, ...this.#kernel() };
      this.#tell({ kind: 'job', id, job });
    });
    this.#jobs.delete(id);
    // A newer one has taken its place.
    if (id !== this.#job) return;
    this.#cancel = () => {};
    cancel.hidden = true;
    tell(false, answer ? ('lines' in answer ? answer.lines : ['Not explored']) : ['Cancelled.']);
    this.#show(answer);
  }

  #show(answer: JobAnswer | undefined): void {
    switch (answer?.kind) {
      case undefined:
        status('Cancelled.');
        return;
      case 'checked':
        this.#results.print(answer.lines);
        this.#results.choose('output');
        status(
          answer.skipped
            ? 'There is nothing to check.'
            : answer.passed === undefined
              ? 'A limit left it open.'
              : answer.passed
                ? 'Passed.'
                : 'Failed.',
        );
        return;
      case 'explored':
        this.#results.show('outcomes', answer.picture);
        this.#results.choose('outcomes');
        status('Explored.');
        return;
      case 'estimated':
        this.#results.show('outcomes', undefined);
        status('Estimated.');
        return;
      case 'compared':
        this.#results.showTable(answer.table);
        this.#results.choose('kernels');
        status('Compared.');
        return;
      case 'broken':
        this.#results.print(answer.problems);
        this.#results.choose('output');
        status(`The scenario cannot run: ${answer.problems[0] ?? ''}`);
        return;
      case 'failed':
        status(`It did not work: ${answer.message}`);
        return;
      case 'progress':
    }
  }

  async #share(): Promise<void> {
    const link = await linkOf(
      {
        text: this.#editor.text(),
        ...(this.#shownName !== undefined && { name: this.#shownName }),
        ...this.#kernel(),
        ...(this.#schedule !== undefined && { schedule: this.#schedule }),
        ...(this.#run.active && { position: this.#run.position }),
      },
      location.href,
    );
    history.replaceState(undefined, '', link);
    try {
      await navigator.clipboard.writeText(link);
      status(
        `Copied: ${link.length.toLocaleString('en-US')} characters. The link opens the same scenario at the same step.`,
      );
    } catch {
      status('The link is in the address bar: this browser does not let the page write to the clipboard.');
    }
  }
}

const WORKING: Readonly<Record<Job['kind'], string>> = {
  check: 'Checking',
  explore: 'Exploring',
  compare: 'Comparing kernels',
};

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    status(`Copied: ${text.length.toLocaleString('en-US')} characters.`);
  } catch {
    status('This browser does not let the page write to the clipboard.');
  }
}

function sayReason(error: unknown): void {
  status(error instanceof Error ? error.message : String(error));
}

void start();
