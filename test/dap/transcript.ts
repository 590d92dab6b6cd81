// Runs a transcript: lines that begin with `> ` are what the user does, everything below each is what they see.
import { DapClient, type Message, repositoryFiles, type Stop } from './client.ts';

/** Events that a command prints itself, or that every launch has. */
const OWN: ReadonlySet<string> = new Set(['stopped', 'loadedSource']);

type Run = (session: Session, rest: string) => Promise<void>;

/** The text with every answer rewritten. The comment above the first command stays. */
export async function rerun(text: string): Promise<string> {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('> '));
  const session = new Session(lines.slice(0, first));
  for (const line of lines) if (line.startsWith('> ')) await session.perform(line.slice(2));
  return `${session.lines.join('\n')}\n`;
}

class Session {
  readonly lines: string[];
  readonly client = new DapClient(repositoryFiles());
  stop: Stop | undefined;
  #seen = 0;

  constructor(comment: readonly string[]) {
    this.lines = [...comment];
  }

  async perform(command: string): Promise<void> {
    const [word = '', ...rest] = command.split(' ');
    const run = COMMANDS[word];
    if (!run) throw new Error(`A transcript has no command ${word}`);
    this.lines.push(`> ${command}`);
    try {
      await run(this, rest.join(' '));
    } catch (error) {
      this.print(`refused: ${(error as Error).message}`);
    }
    this.events();
  }

  print(text: string): void {
    for (const line of text.split('\n')) this.lines.push(`  ${line}`.trimEnd());
  }

  /** Prints what was sent since the last time, apart from responses and stops. */
  events(): void {
    for (const message of this.client.messages.slice(this.#seen)) {
      if (message.event === 'output') this.print(`${message.body.category}: ${message.body.output.trimEnd()}`);
      else if (message.event === 'breakpoint') this.print(`breakpoint ${breakpointText(message.body.breakpoint)}`);
      else if (message.type === 'event' && !OWN.has(message.event ?? '')) this.print(`event: ${message.event}`);
    }
    this.#seen = this.client.messages.length;
  }

  async moved(stop: Stop): Promise<void> {
    this.stop = stop;
    this.events();
    const threads = await this.threads();
    const hit = stop.hitBreakpointIds ? ` [${stop.hitBreakpointIds.join(' ')}]` : '';
    // Who can move is what the command `threads` prints.
    const name = threads.find(({ id }) => id === stop.threadId)?.name.replace(/ \((?!ended\)).*\)$/, '');
    this.print(`${stop.reason}${hit}: ${name}: ${stop.description}`);
    this.print(stop.text.replace(/^/gm, '  '));
    await this.stack(stop.threadId);
  }

  async stack(threadId: number): Promise<void> {
    for (const { name, line, source } of await this.client.stack(threadId)) {
      this.print(`at ${name}${source ? ` ${source.name}:${line}` : ''}`);
    }
  }

  async threads(): Promise<readonly { readonly id: number; readonly name: string }[]> {
    return (await this.client.request('threads')).threads;
  }

  /** The thread that a word of a command names; the stopped one without a word. */
  async threadId(word: string): Promise<number> {
    if (word === '') return this.stop?.threadId ?? 0;
    const found = (await this.threads()).find(({ name }) => name === word || name.startsWith(`${word} (`));
    return found?.id ?? Number(word);
  }

  async frameId(): Promise<number> {
    const [top] = await this.client.stack(this.stop?.threadId ?? 0);
    return top?.id ?? 0;
  }
}

const move =
  (request: string): Run =>
  async (session, rest) => {
    await session.moved(await session.client.move(request, { threadId: await session.threadId(rest) }));
  };

const COMMANDS: Readonly<Record<string, Run>> = {
  async initialize(session) {
    await session.client.initialize();
  },
  /** launch FILE {more arguments} */
  async launch(session, rest) {
    const [program = '', more] = split(rest);
    await session.client.launch(program, more ? JSON.parse(more) : {});
  },
  async run(session) {
    await session.moved(await session.client.run());
  },
  next: move('next'),
  stepIn: move('stepIn'),
  stepOut: move('stepOut'),
  stepBack: move('stepBack'),
  continue: move('continue'),
  reverse: move('reverseContinue'),
  restart: move('restart'),

  /** break FILE LINE {more of the breakpoint}, …; one command sets all breakpoints of a file */
  async break(session, rest) {
    const [file = '', list = ''] = split(rest);
    const breakpoints = list.split(';').map((one) => {
      const [line = '', more] = split(one.trim());
      return { line: Number(line), ...(more ? JSON.parse(more) : {}) };
    });
    const body = await session.client.request('setBreakpoints', { source: { path: file }, breakpoints });
    for (const breakpoint of body.breakpoints) session.print(breakpointText(breakpoint));
  },
  async functions(session, rest) {
    const breakpoints = rest.split(' ').map((name) => ({ name }));
    const body = await session.client.request('setFunctionBreakpoints', { breakpoints });
    for (const breakpoint of body.breakpoints) session.print(breakpointText(breakpoint));
  },
  /** data EXPRESSION {more of the breakpoint}; SCOPE ▸ NAME ▸ NAME; …: one command sets all data breakpoints */
  async data(session, rest) {
    const wanted = rest.split(';').map((one) => /^\s*(.*?)\s*(\{.*\})?$/.exec(one) ?? []);
    const breakpoints: object[] = [];
    for (const [, what = '', more] of wanted) {
      if (what === '') continue;
      const { dataId, description } = await session.client.request(
        'dataBreakpointInfo',
        await dataArguments(session, what),
      );
      session.print(`${what}: ${dataId === null ? 'refused: ' : ''}${description}`);
      if (dataId !== null) breakpoints.push({ dataId, ...(more ? JSON.parse(more) : {}) });
    }
    const body = await session.client.request('setDataBreakpoints', { breakpoints });
    for (const breakpoint of body.breakpoints) session.print(breakpointText(breakpoint));
  },
  /** filters NAME NAME {filter: condition} */
  async filters(session, rest) {
    const [names = '', conditions] = rest.split(/ ?(?=\{)/);
    const filterOptions = Object.entries(conditions ? JSON.parse(conditions) : {}).map(([filterId, condition]) => ({
      filterId,
      condition,
    }));
    const filters = names.split(' ').filter((name) => name !== '');
    const body = await session.client.request('setExceptionBreakpoints', { filters, filterOptions });
    for (const { message } of body.breakpoints) if (message) session.print(message);
  },
  async threads(session) {
    session.print((await session.threads()).map(({ id, name }) => `${id} ${name}`).join('\n'));
  },
  async stack(session, rest) {
    await session.stack(await session.threadId(rest));
  },
  /** scopes NAME, NAME: their variables; without a name the list of scopes */
  async scopes(session, rest) {
    await scopes(session, await session.frameId(), rest);
  },
  /** frame N NAME, NAME: the same of another frame, the innermost is 0 */
  async frame(session, rest) {
    const [index = '', names = ''] = split(rest);
    const frames = await session.client.stack(session.stop?.threadId ?? 0);
    await scopes(session, frames[Number(index)]?.id ?? 0, names);
  },
  async evaluate(session, rest) {
    await evaluate(session, rest, 'watch');
  },
  async hex(session, rest) {
    await evaluate(session, rest, 'watch', { hex: true });
  },
  async console(session, rest) {
    await evaluate(session, rest, 'repl');
  },
  async complete(session, rest) {
    const text = rest.replace('|', '');
    const { targets } = await session.client.request('completions', { text, column: rest.indexOf('|') + 1 });
    session.print(targets.map(({ label, start, length }: Message['body']) => `${label} ${start}+${length}`).join('\n'));
  },
  /** typed TEXT: a command of the console that leads to a stop */
  async typed(session, rest) {
    const arguments_ = { expression: rest, context: 'repl', frameId: await session.frameId() };
    await session.moved(await session.client.move('evaluate', arguments_));
  },
  async explain(session) {
    const { exceptionId, description, details } = await session.client.request('exceptionInfo', {});
    session.print(`${exceptionId} (${details.typeName})\n${description}`);
  },
  /** request NAME {arguments}: anything else, with its body as JSON */
  async request(session, rest) {
    const [name = '', args] = split(rest);
    const body = await session.client.request(name, args ? JSON.parse(args) : undefined);
    session.print(JSON.stringify(body ?? {}, null, 2));
  },
  /** move NAME {arguments}: a request that ends with a stop */
  async move(session, rest) {
    const [name = '', args] = split(rest);
    await session.moved(await session.client.move(name, args ? JSON.parse(args) : {}));
  },
};

async function scopes(session: Session, frameId: number, names: string): Promise<void> {
  const { scopes } = await session.client.request('scopes', { frameId });
  const wanted = names.split(',').map((name) => name.trim());
  for (const { name, variablesReference } of scopes) {
    if (names !== '' && !wanted.includes(name)) continue;
    session.print(name);
    if (names !== '') session.print((await session.client.open(variablesReference, '  ')).join('\n'));
  }
}

/** What `dataBreakpointInfo` is asked for: an address, a variable of a scope, an expression. */
async function dataArguments(session: Session, what: string): Promise<object> {
  if (what.startsWith('0x')) return { name: what, asAddress: true, bytes: 4 };
  const frameId = await session.frameId();
  const [scope, ...names] = what.split(' ▸ ');
  if (names.length === 0) return { name: what, frameId };
  const { scopes } = await session.client.request('scopes', { frameId });
  let variablesReference = scopes.find(({ name }: Message['body']) => name === scope)?.variablesReference ?? 0;
  for (const name of names.slice(0, -1)) {
    const variables = await session.client.variables(variablesReference);
    variablesReference = variables.find((one) => one.name === name)?.variablesReference ?? 0;
  }
  return { variablesReference, name: names.at(-1) };
}

async function evaluate(session: Session, expression: string, context: string, format?: object): Promise<void> {
  const frameId = await session.frameId();
  const body = await session.client.request('evaluate', { expression, context, frameId, ...(format && { format }) });
  session.print(body.result);
  if (body.variablesReference !== 0)
    session.print((await session.client.open(body.variablesReference, '  ')).join('\n'));
}

function breakpointText({ id, verified, line, message }: Message['body']): string {
  return `${id}${line === undefined ? '' : ` line ${line}`}${verified ? '' : ' unverified'}${message ? `: ${message}` : ''}`;
}

/** The first word and the rest. */
function split(text: string): [string, string | undefined] {
  const space = text.indexOf(' ');
  return space < 0 ? [text, undefined] : [text.slice(0, space), text.slice(space + 1)];
}
