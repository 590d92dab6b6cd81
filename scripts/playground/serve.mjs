// Serves the playground's folder on 127.0.0.1, as any static host would.
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
};

/** Serves a folder on 127.0.0.1; resolves with the server once it listens. Port 0 takes a free one. */
export function servePlayground(folder, port = 0) {
  const names = new Set(readdirSync(folder));
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', 'http://127.0.0.1').pathname.slice(1);
    const name = asked === '' ? 'index.html' : asked;
    // Only what the build wrote: no path leads out of the folder.
    if (!names.has(name) || !statSync(path.join(folder, name)).isFile()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('No such file.\n');
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    createReadStream(path.join(folder, name)).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
