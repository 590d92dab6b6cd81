/**
 * Tests that need what a machine may not have. They are skipped there, and `npm test` prints the reason beside each, so
 * that nobody takes a skipped test for one that passed.
 */
import { existsSync } from 'node:fs';
import type { TestContext } from 'vitest';

/** Skips the running test unless `met`; the reason says what is missing, and how to get it. */
export function needs(context: TestContext, met: boolean, reason: string): void {
  if (met) return;
  Object.assign(context.task.meta, { reason });
  context.skip(reason);
}

/** Skips the running test where the operating system has no such device. */
export function needsFile(context: TestContext, file: string): void {
  needs(context, existsSync(file), `this machine has no ${file}`);
}
