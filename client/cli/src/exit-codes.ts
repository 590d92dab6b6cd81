/** What the command tells the shell. Help prints this table, so it is the contract. */
export const EXIT = { fine: 0, failed: 1, wrong: 2, limit: 3, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'success',
  1: 'a condition or a declared result failed',
  2: 'invalid input or usage',
  3: 'a limit was reached before the answer was known',
  130: 'interrupted',
};

/**
 * One code for several files. What is wrong with the input comes first, as nothing can be said about that file; a
 * failure that was found remains one, even if a limit was hit elsewhere.
 */
export function worst(codes: readonly ExitCode[]): ExitCode {
  const order: readonly ExitCode[] = [EXIT.interrupted, EXIT.wrong, EXIT.failed, EXIT.limit];
  return order.find((code) => codes.includes(code)) ?? EXIT.fine;
}
