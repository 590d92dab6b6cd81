// The panel Snoopscope: timeline, memory and topology of the run that is debugged. They follow its cursor, and lead it.
import type { Intent, Picture } from '@snoopscope/views/draw';
import { ELEMENTS } from '@snoopscope/views/tags';
import { TimelineWindow } from '@snoopscope/views/window';
import { type DebugSession, Disposable, debug, type Uri, type WebviewView, window, workspace } from 'vscode';
import { debugType } from '../debugging.ts';
import { Leader } from './leader.ts';
import { PicturePage } from './picture-page.ts';

/** Within so long after a stop, or after VS Code has shown its frame, it opens the line in the editor. */
const FOCUS_MS = 1500;
const PICTURES = ['timeline', 'memory', 'topology'] as const;
type PictureName = (typeof PICTURES)[number];

export function registerRunViews(extension: Uri): Disposable {
  const views = new RunViews(extension);
  return Disposable.from(
    views,
    debug.onDidChangeActiveDebugSession((session) => views.follow(session)),
    debug.onDidTerminateDebugSession((session) => views.ended(session)),
    debug.onDidChangeActiveStackItem((item) => item && views.showsFrame(item.session)),
    debug.registerDebugAdapterTrackerFactory(debugType, {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage(message: { readonly type?: string; readonly event?: string }) {
          if (message.type === 'event' && message.event === 'stopped') views.stopped(session);
        },
      }),
    }),
    ...PICTURES.map((picture) =>
      window.registerWebviewViewProvider(`snoopscope.${picture}`, {
        resolveWebviewView: (view) => views.open(picture, view),
      }),
    ),
  );
}

interface OpenView {
  readonly view: WebviewView;
  readonly page: PicturePage;
}

/** Where a session is, as its adapter says. */
interface Position {
  readonly position: number;
  readonly steps: number;
}

class RunViews extends Disposable {
  readonly #extension: Uri;
  readonly #open = new Map<PictureName, OpenView>();
  readonly #leader = new Leader((session) => {
    this.#leading = undefined;
    for (const { page } of this.#open.values()) page.refuse();
    return this.#refresh(session);
  });
  readonly #window = new TimelineWindow();
  #session: DebugSession | undefined;
  /**
   * The view whose reader has moved the cursor: VS Code gives the focus to the editor then, on a busy machine seconds later.
   * So the time begins with what VS Code was told and tells, not with the key; until then it is `undefined`.
   */
  #leading: { readonly view: WebviewView; readonly until: number | undefined } | undefined;
  #filter = '';
  /** The position before the last stop: what has changed since then is marked. */
  #before = 0;
  #at = 0;
  #steps = 0;
  /** Counts what was asked for: an answer to something older is of no interest. */
  #asked = 0;

  constructor(extension: Uri) {
    super(() => {
      for (const { page } of this.#open.values()) page.dispose();
    });
    this.#extension = extension;
  }

  open(picture: PictureName, view: WebviewView): void {
    const page = new PicturePage(view.webview, {
      extension: this.#extension,
      element: ELEMENTS[picture],
      title: view.title ?? picture,
      onIntent: (intent) => this.#intended(intent, view),
      onBlurred: () => this.#blurred(view),
    });
    this.#open.set(picture, { view, page });
    const shown = view.onDidChangeVisibility(() => {
      if (view.visible && this.#session) void this.#refresh(this.#session);
    });
    view.onDidDispose(() => {
      shown.dispose();
      page.dispose();
      if (this.#open.get(picture)?.view === view) this.#open.delete(picture);
    });
    if (this.#session) void this.#refresh(this.#session);
  }

  /**
   * The reader of a view continues there. VS Code gives the focus to the editor at most stops, some time after it has told
   * of the frame: only the view itself knows when. One who leaves it later means it.
   */
  #blurred(view: WebviewView): void {
    if (this.#leading?.view !== view || Date.now() > (this.#leading.until ?? Number.POSITIVE_INFINITY)) return;
    view.show(false);
  }

  follow(session: DebugSession | undefined): void {
    if (session?.type !== debugType || session.id === this.#session?.id) return;
    this.#session = session;
    this.#window.forget();
    this.#before = this.#at = this.#steps = 0;
    void this.#refresh(session);
  }

  stopped(session: DebugSession): void {
    if (this.#session?.id !== session.id) this.follow(debug.activeDebugSession ?? session);
    if (this.#session?.id !== session.id) return;
    this.showsFrame(session);
    void this.#moved(session);
  }

  /** VS Code is about to open the line of a session's frame. */
  showsFrame(session: DebugSession): void {
    if (this.#leading && session.id === this.#session?.id)
      this.#leading = { view: this.#leading.view, until: Date.now() + FOCUS_MS };
  }

  /** The last picture stays until something else is debugged: a run that is over can still be looked at. */
  ended(session: DebugSession): void {
    if (this.#session?.id !== session.id) return;
    this.#session = this.#leading = undefined;
  }

  async #moved(session: DebugSession): Promise<void> {
    const before = this.#at;
    await this.#refresh(session, () => {
      this.#before = before;
    });
  }

  /** Asks for the pictures that can be seen. Refusals are about a run that moves: its next stop asks again. */
  async #refresh(session: DebugSession, moved: () => void = () => {}): Promise<void> {
    const asked = ++this.#asked;
    const visible = [...this.#open].filter(([, { view }]) => view.visible);
    if (visible.length === 0) return;
    const place = await ask<Position>(session, 'snoopscope/position', {});
    if (!place || asked !== this.#asked) return;
    moved();
    this.#at = place.position;
    this.#steps = place.steps;
    await Promise.all(
      visible.map(async ([name, { page }]) => {
        const answer = await ask<{ picture: Picture }>(session, 'snoopscope/picture', this.#wanted(name, place));
        if (answer && asked === this.#asked) page.show(answer.picture);
      }),
    );
  }

  #wanted(picture: PictureName, { steps, position }: Position): object {
    if (picture !== 'timeline') return { picture, ...(this.#before < position && { since: this.#before }) };
    return { picture, ...this.#window.at(steps, position), filter: this.#filter, chain: true };
  }

  #intended(intent: Intent, view: WebviewView): void {
    const session = this.#session;
    if (!session) return;
    if (intent.kind === 'window') this.#window.choose(intent, this.#steps);
    else if (intent.kind === 'filter') this.#filter = intent.text;
    else {
      const takesFocus = workspace.getConfiguration('debug').get('focusEditorOnBreak', true);
      this.#leading = takesFocus ? { view, until: undefined } : undefined;
      this.#leader.lead(session, intent);
      return;
    }
    void this.#refresh(session);
  }
}

async function ask<Body>(session: DebugSession, request: string, args: object): Promise<Body | undefined> {
  try {
    return (await session.customRequest(request, args)) as Body;
  } catch {
    return undefined;
  }
}
