// The task that checks scenarios as `snoopscope test --format gcc` does, with the extension's own simulator: nothing has
// to be installed, and it works in browsers.
import { compilerLine } from '@snoopscope/sim-core';
import {
  CustomExecution,
  type Disposable,
  EventEmitter,
  l10n,
  type Pseudoterminal,
  RelativePattern,
  Task,
  type TaskDefinition,
  TaskGroup,
  type TaskProvider,
  tasks,
  Uri,
  type WorkspaceFolder,
  workspace,
} from 'vscode';
import { answerLines } from './answer-text.ts';
import { numberSetting, textsOf } from './beside.ts';
import type { Beside } from './beside-workers.ts';
import { testsOf } from './testing/test-tree.ts';
import type { WorkerAnswer } from './worker.ts';

const type = 'snoopscope';

interface CheckTask extends TaskDefinition {
  /** Files and folders, relative to the workspace folder; all of it when left out. */
  readonly paths?: readonly string[];
}

export function registerTasks(beside: Beside): Disposable {
  return tasks.registerTaskProvider(type, new CheckTasks(beside));
}

class CheckTasks implements TaskProvider {
  readonly #beside: Beside;

  constructor(beside: Beside) {
    this.#beside = beside;
  }

  provideTasks(): Task[] {
    return (workspace.workspaceFolders ?? []).map((folder) => this.#task({ type }, folder));
  }

  resolveTask(task: Task): Task | undefined {
    const folder = typeof task.scope === 'object' ? task.scope : workspace.workspaceFolders?.[0];
    return folder && this.#task(task.definition as CheckTask, folder);
  }

  #task(definition: CheckTask, folder: WorkspaceFolder): Task {
    const name = l10n.t('check scenarios');
    const execution = new CustomExecution(async (resolved) => {
      const { paths } = resolved as CheckTask;
      return new CheckTerminal(this.#beside, folder, paths);
    });
    const task = new Task(definition, folder, name, type, execution, '$snoopscope');
    task.group = TaskGroup.Test;
    return task;
  }
}

/** Device status report 6 of ECMA-48, and its answer: row and column. */
const askForCursor = '\x1b[6n';
const ASK_AGAIN_MS = 1000;
const cursorReport = /\[\d+;\d+R/;

/** What the task prints. */
class CheckTerminal implements Pseudoterminal {
  readonly #write = new EventEmitter<string>();
  readonly #close = new EventEmitter<number>();
  readonly #cancel = new AbortController();
  readonly #shown: Promise<void>;
  #setShown = () => {};
  readonly #beside: Beside;
  readonly #folder: WorkspaceFolder;
  readonly #paths: readonly string[] | undefined;
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#close.event;

  constructor(beside: Beside, folder: WorkspaceFolder, paths: readonly string[] | undefined) {
    this.#beside = beside;
    this.#folder = folder;
    this.#paths = paths;
    this.#shown = new Promise((resolve) => {
      this.#setShown = resolve;
    });
  }

  open(): void {
    const failed = (error: unknown) => {
      this.#print(String(error));
      return 2;
    };
    void this.#run()
      .catch(failed)
      .then(async (exitCode) => {
        await this.#untilShown();
        this.#close.fire(exitCode);
      });
  }

  close(): void {
    this.#cancel.abort();
    this.#setShown();
  }

  /** The terminal's answers come as input. */
  handleInput(data: string): void {
    if (cursorReport.test(data)) this.#setShown();
  }

  /**
   * Until the terminal has read all that was printed. VS Code takes no problem from lines that it reads long after the
   * end of a task, and a terminal on a busy machine reads late. It reports its cursor when it comes to the question. One
   * that is not connected yet loses its answer, so it is asked again.
   */
  async #untilShown(): Promise<void> {
    const ask = () => this.#write.fire(askForCursor);
    ask();
    const again = setInterval(ask, ASK_AGAIN_MS);
    await this.#shown;
    clearInterval(again);
  }

  async #run(): Promise<number> {
    const files = await this.#files();
    if (files.length === 0) {
      this.#print(l10n.t('There is no scenario in {0}.', this.#paths?.join(', ') ?? this.#folder.name));
      return 2;
    }
    let [passed, failed] = [0, 0];
    for (const file of files) {
      if (this.#cancel.signal.aborted) break;
      const answer = await this.#check(file);
      if (!answer) continue;
      if (answer.kind === 'judged' && answer.passed) passed++;
      else failed++;
      for (const line of linesOf(workspace.asRelativePath(file, false), answer)) this.#print(line);
    }
    this.#print(`${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  }

  /** Undefined for a file that has nothing to check. */
  async #check(file: Uri): Promise<WorkerAnswer | undefined> {
    const texts = await textsOf(file).catch(() => undefined);
    if (!texts || !testsOf(texts.text)) return undefined;
    const maxStates = numberSetting(file, 'limits.states');
    const request = { kind: 'check', ...texts, ...(maxStates !== undefined && { maxStates }) } as const;
    return this.#beside.ask(request, () => {}, this.#cancel.signal);
  }

  async #files(): Promise<Uri[]> {
    const found = await workspace.findFiles(new RelativePattern(this.#folder, '**/*.snoop'));
    const wanted = this.#paths?.map((path) => Uri.joinPath(this.#folder.uri, path).path);
    const isWanted = ({ path }: Uri) => wanted?.some((each) => path === each || path.startsWith(`${each}/`)) ?? true;
    return found.filter(isWanted).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #print(text: string): void {
    this.#write.fire(`${text}\r\n`);
  }
}

function linesOf(file: string, answer: WorkerAnswer): string[] {
  switch (answer.kind) {
    case 'judged':
      return answer.failures.map((failure) => compilerLine(file, failure));
    case 'broken':
      return answer.problems.map(({ line, message }) => `${file}:${line + 1}: error: ${message} [broken-scenario]`);
    case 'explored':
      return [];
    default:
      return [`${file}:1: error: ${answerLines(answer).join(' ')} [${answer.kind}]`];
  }
}
