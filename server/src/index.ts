/** The language server, for any connection. Node and the command line: `./node.ts`; names and types alone: `./protocol.ts`. */
export * from './protocol.ts';
export { startServer } from './server.ts';
export type { Host } from './session.ts';
