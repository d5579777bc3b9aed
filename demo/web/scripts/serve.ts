/** `npm run web [-- --port 8080]`: builds the page and serves it on localhost. */
import * as path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { buildPageAsync } from './bundle.js';
import { ROOT } from './samples.js';
import { serveAsync } from './server.js';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  process.stderr.write(`--port is ${values.port}. Fix: give a number from 0 to 65535.\n`);
  process.exit(2);
}
const folder = path.join(ROOT, 'out/web');
await buildPageAsync(folder);
const { address } = await serveAsync(folder, port);
process.stdout.write(`The page is at ${address} (Ctrl-C ends it)\n`);
