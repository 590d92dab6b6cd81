/** What tests and generators of documents need of the command line. */
export type { Command, CommandOption } from './commands/command.ts';
export { COMMANDS, main } from './commands/table.ts';
export * from './exit-codes.ts';
export type { Io, Output } from './io.ts';
export { commandReference } from './reference.ts';
