// Builds the playground and serves it; see ../playground.mjs.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildPlayground } from './build.mjs';
import { servePlayground } from './serve.mjs';

const values = read();
const port = Number(values.port ?? 0);
if (!/^\d{1,5}$/.test(values.port ?? '0') || port > 65_535) {
  process.stderr.write(`--port takes a number from 0 to 65535, found \`${values.port}\`.\n`);
  process.exit(2);
}
const folder = await buildPlayground();
process.stdout.write(`${path.relative(process.cwd(), folder)}\n`);
if (!values['build-only']) {
  const server = await servePlayground(folder, port).catch((error) => {
    process.stderr.write(`Port ${port} cannot be used: ${error.message}\n`);
    process.exit(2);
  });
  process.stdout.write(`The playground is at http://127.0.0.1:${server.address().port}/ until Ctrl-C.\n`);
}

function read() {
  try {
    return parseArgs({ options: { 'build-only': { type: 'boolean' }, port: { type: 'string' } } }).values;
  } catch {
    const given = process.argv.slice(2).join(' ');
    process.stderr.write(`The playground takes --build-only and --port N, found \`${given}\`.\n`);
    process.exit(2);
  }
}
