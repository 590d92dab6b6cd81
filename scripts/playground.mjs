// `npm run playground`: builds the page into dist/playground/ and serves it on 127.0.0.1. Any static host can serve the
// folder. `-- --build-only` builds and ends, `-- --port N` takes another port.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureInstalled, node, root, toolEnvironment } from './install.mjs';

try {
  ensureInstalled();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
const script = path.join(root, 'scripts/playground/main.mjs');
const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: 'inherit', env: toolEnvironment() });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code) => {
  process.exitCode = code ?? 130;
});
