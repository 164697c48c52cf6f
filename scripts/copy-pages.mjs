// Browsers get the files of the dashboard as they are: the build only puts them beside the code that serves them.
import { cpSync } from 'node:fs';
import { extname } from 'node:path';

const served = new Set(['', '.js', '.css', '.svg']);

cpSync('src/dashboard/browser', 'dist/dashboard/browser', {
  recursive: true,
  filter: (path) => served.has(extname(path)),
});
