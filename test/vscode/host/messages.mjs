// The tests' end of the wire: JSON by HTTP POST to 127.0.0.1, callable from the page's workers too.
import http from 'node:http';

/** Answers every POST with {value} of `handle(body)`, or {error}. Returns the URL and `close()`. */
export async function serveMessages(handle) {
  const server = http.createServer(async (request, response) => {
    const reply = await answer(request, handle);
    response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
    response.end(JSON.stringify(reply));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => server.closeAllConnections() ?? server.close(),
  };
}

async function answer(request, handle) {
  try {
    const parts = [];
    for await (const part of request) parts.push(part);
    return { value: await handle(JSON.parse(Buffer.concat(parts).toString())) };
  } catch (error) {
    return { error: error.message };
  }
}
