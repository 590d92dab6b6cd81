/** What tests and generators of documents need of the command line. */
export { main } from './cli.ts';
export type { Command, CommandOption } from './commands/command.ts';
export { COMMANDS } from './commands/table.ts';
export * from './exit-codes.ts';
export type { Io, Output } from './io.ts';
export { commandReference } from './reference.ts';
