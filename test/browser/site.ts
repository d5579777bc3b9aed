/** What the browser tests load: the bundle as pages get it, test code, photographs; under a strict policy. */
import * as esbuild from 'esbuild';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleBrowserAsync } from '../../scripts/browser-bundle.js';
import { embedKernels } from '../../scripts/embed-kernels.js';
import {
  defaultWeightsFile,
  readWeightsAsync,
} from '../../src/aofd/weights/files/detector-weights.js';
import { webWeights } from '../../src/aofd/weights/web-weights.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const photographs = path.join(root, 'node_modules/@vladmandic/face-api/demo');

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
};

/** Test code imports the package's modules where pages do: from the server. */
const packageFromServer: esbuild.Plugin = {
  name: 'package-from-server',
  setup(build) {
    build.onResolve({ filter: /src\/aofd\/browser\/index\.js$/ }, () => ({
      path: '/aofd/aofd.js',
      external: true,
    }));
    build.onResolve({ filter: /src\/aofd\/browser\/inspect\.js$/ }, () => ({
      path: '/aofd/inspect.js',
      external: true,
    }));
  },
};

export interface Site extends AsyncDisposable {
  /** `http://localhost:PORT` */
  readonly origin: string;
  /** Paths that were asked for. */
  readonly requests: string[];
}

export interface SiteOptions {
  /** Further files by path. */
  files?: readonly (readonly [path: string, contents: string])[];
  /** Told what pages send back: the body of every POST. */
  onPost?: (body: string) => void;
}

/** Serves it on a free port of this machine. */
export async function serveAsync({ files: more = [], onPost }: SiteOptions = {}): Promise<Site> {
  const files = new Map<string, Uint8Array>();
  for (const { name, contents } of await bundleBrowserAsync()) files.set(`/aofd/${name}`, contents);
  const weights = await readWeightsAsync(defaultWeightsFile());
  files.set('/aofd/aofd-lite.web.safetensors', webWeights(weights));
  files.set('/aofd/full.safetensors', webWeights(weights, { withGenerator: true }));
  for (const [name, contents] of await testCodeAsync()) files.set(name, contents);
  files.set('/', Buffer.from('<!doctype html><title>tests</title>'));
  for (const [name, contents] of more) files.set(name, Buffer.from(contents));
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(pathname);
    if (request.method === 'POST') {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => onPost?.(Buffer.concat(parts).toString()));
      response.end();
      return;
    }
    const content = files.get(pathname) ?? photograph(pathname);
    response.setHeader('content-security-policy', "default-src 'self'");
    response.setHeader(
      'content-type',
      TYPES[path.extname(pathname) || '.html'] ?? 'application/octet-stream',
    );
    if (content) response.setHeader('content-length', content.byteLength);
    response.statusCode = content ? 200 : 404;
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function photograph(pathname: string): Uint8Array | undefined {
  const [, folder, name] = pathname.split('/');
  if (folder !== 'photographs' || !/^sample\d\.jpg$/.test(name ?? '')) return undefined;
  return fs.readFileSync(path.join(photographs, name as string));
}

async function testCodeAsync(): Promise<[string, Uint8Array][]> {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: path.join(root, 'test/browser/page'),
    entryPoints: ['detect.ts', 'worker.ts', 'train.ts'],
    outdir: 'out',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    plugins: [packageFromServer, embedKernels()],
  });
  return outputFiles.map(({ path: file, contents }) => [`/test/${path.basename(file)}`, contents]);
}
