/** What the build makes of the tables: small enough for the page, which does without the simulator until its worker has loaded. */
declare module 'built:monarch' {
  const grammar: object;
  export default grammar;
}
declare module 'built:first' {
  const entry: import('./gallery.ts').GalleryEntry;
  export default entry;
}
declare module 'built:kernels' {
  const names: readonly string[];
  export default names;
}
declare module 'monaco-lsp-client' {
  export class MonacoLspClient {
    constructor(transport: object);
  }
  export function createTransportToWorker(worker: Worker): object;
}
