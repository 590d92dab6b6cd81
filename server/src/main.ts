// The language server as a Node process: `node server.js --stdio`, `--node-ipc`, `--socket=N` or `--port N`.
import { serve } from './node.ts';

serve(process.argv.slice(2));
