// Serves the two pages and what they load, from this machine alone. They call the gateway, which is another origin.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const page = (name) => fileURLToPath(new URL(`pages/${name}`, import.meta.url));
/** Nothing else is served. */
const files = {
  '/event-source.html': ['text/html', page('event-source.html')],
  '/stomp.html': ['text/html', page('stomp.html')],
  '/tasks.js': ['text/javascript', page('tasks.js')],
  // The package's own file for browsers.
  '/stomp.umd.js': ['text/javascript', createRequire(import.meta.url).resolve('@stomp/stompjs')],
};

const server = createServer(async (request, response) => {
  const [path] = request.url.split('?');
  if (!Object.hasOwn(files, path)) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('no such page\n');
    return;
  }
  const [type, file] = files[path];
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(await readFile(file));
});
server.listen(Number(process.env.PAGES_PORT ?? 8090), '127.0.0.1', () => {
  const { port } = server.address();
  for (const path of ['/event-source.html', '/stomp.html']) console.log(`http://127.0.0.1:${port}${path}`);
});
