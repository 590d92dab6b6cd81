// The way out of VS Code: HTTP to 127.0.0.1, the one channel that Node and the web worker both have.
// The addresses come as user settings, because a web worker has no environment.
import * as vscode from 'vscode';

/** What test/vscode/run.mjs is told. */
export type Outcome =
  | { readonly kind: 'passed'; readonly title: string; readonly milliseconds: number }
  | { readonly kind: 'failed'; readonly title: string; readonly error: string }
  | { readonly kind: 'skipped'; readonly title: string; readonly reason: string }
  /** Failed, and runs again. Its second run is another outcome. */
  | { readonly kind: 'retried'; readonly title: string; readonly error: string }
  /** Not a test: what a bench wants to know. */
  | { readonly kind: 'measured'; readonly id: string; readonly milliseconds: number }
  | { readonly kind: 'end'; readonly tests: number };

export async function report(outcome: Outcome): Promise<void> {
  await post('runner', outcome);
}

/** The setting `snoopscopeTest.NAME`: an address, or undefined where nothing listens. */
export function address(name: 'runner' | 'window'): string | undefined {
  return vscode.workspace.getConfiguration('snoopscopeTest').get(name);
}

export async function post(name: 'runner' | 'window', body: unknown): Promise<unknown> {
  const url = address(name);
  if (url === undefined) throw new Error(`The setting snoopscopeTest.${name} is not set.`);
  // Plain text, so that a browser asks no permission first.
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'text/plain' },
  });
  const answer = (await response.json()) as { value?: unknown; error?: string };
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value;
}

/** Skips the running test, and says why in the summary of `npm test`. */
export function skip(context: Mocha.Context, reason: string): never {
  reasons.set(context.test, reason);
  return context.skip();
}

export function reasonOf(test: Mocha.Test): string {
  return reasons.get(test) ?? 'its test gives no reason';
}

const reasons = new Map<unknown, string>();
