/** What `lsp` and `dap` share: over the standard streams, or on a port of this machine. */
import type { AddressInfo, Server } from 'node:net';
import type { CommandOption, Invocation } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';

export const SERVE_OPTIONS: readonly CommandOption[] = [
  { name: 'stdio', doc: 'Use standard input and output. This is the default.' },
  { name: 'port', value: 'N', doc: 'Listen on 127.0.0.1:N instead; 0 picks a free port and prints it.' },
];

export interface Servers {
  /** Serves one client and ends the process when it has gone. */
  readonly serveStdio: () => void;
  /** Serves every client that connects to 127.0.0.1. */
  readonly listen: (port: number) => Promise<Server>;
}

export async function serve(call: Invocation, { serveStdio, listen }: Servers): Promise<ExitCode> {
  const port = portOf(call);
  if (port !== undefined && call.flag('stdio'))
    throw new Failure('--port and --stdio do not go together: a server talks in one way.', {
      code: 'options-exclude-each-other',
    });
  if (port === undefined) {
    serveStdio();
    // Otherwise the client decides when it is over: the process ends with its streams.
    await interrupted(call);
    process.stdin.destroy();
    return EXIT.interrupted;
  }
  const server = await listen(port).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(reasonOf(error, port), { code: 'cannot-listen' });
  });
  call.remark(`Listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
  await interrupted(call);
  server.close();
  return EXIT.interrupted;
}

function interrupted({ io }: Invocation): Promise<unknown> {
  return new Promise((resolve) => io.interrupt.addEventListener('abort', resolve, { once: true }));
}

function portOf(call: Invocation): number | undefined {
  const text = call.text('port');
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Failure(`--port takes a number from 0 to 65535, found \`${text}\`.`, { code: 'not-a-port' });
}

function reasonOf({ code, message }: NodeJS.ErrnoException, port: number): string {
  if (code === 'EADDRINUSE') return `Port ${port} is in use by another program; --port 0 picks a free one.`;
  if (code === 'EACCES') return `Listening on port ${port} is not permitted; ports from 1024 on are.`;
  return `Listening on port ${port} failed: ${message}.`;
}
