/** What users install, without packing it: its entries lead somewhere, and its types compile in strict projects. */
import { expect } from 'chai';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { writeBrowserBundleAsync } from '../../scripts/browser-bundle.js';
import { linkPackages, root, runAsync } from '../../scripts/verify/consumer.js';
import { typeErrorsAsync } from '../../scripts/verify/package/types.js';
import { chromiumForAsync } from '../helpers/chromium.js';
import { useSuiteFolder } from '../helpers/temp-folder.js';
import { bundleAsync, titleAsync, writeProject } from './page-projects.js';

describe('the package (npm run verify:package packs it and looks at more)', function () {
  this.timeout(600_000);
  const at = useSuiteFolder();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');

  before(async () => {
    const installed = at('node_modules/aofd');
    mkdirSync(installed, { recursive: true });
    cpSync(join(root, 'package.json'), join(installed, 'package.json'));
    linkPackages(at('node_modules'), ['@types/node', 'undici-types']);
    const dist = join(installed, 'dist');
    const nodeAsync = async (...args: string[]): Promise<void> => {
      const { status, stdout, stderr } = await runAsync(process.execPath, args, root);
      expect(status, stdout + stderr).to.equal(0);
    };
    // The sources are checked elsewhere; here only what comes out of them counts.
    const emitAsync = (config: string): Promise<void> =>
      nodeAsync(tsc, '-p', config, '--noCheck', '--sourceMap', 'false', '--outDir', dist);
    await Promise.all([
      emitAsync('tsconfig.build.json'),
      emitAsync('tsconfig.build-browser.json'),
      writeBrowserBundleAsync(join(dist, 'browser')),
    ]);
    await nodeAsync('--import', 'tsx', 'scripts/build-types.ts', dist);
  });

  it('has entries that lead somewhere', async () => {
    const { messages, pkg } = await publint({
      pkgDir: at('node_modules/aofd'),
      pack: false,
      level: 'warning',
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).to.be.empty;
  });

  it('compiles in strict projects for Node, and for pages that know nothing of Node', async () => {
    const errors = await Promise.all([
      typeErrorsAsync(at(), 'node', 'NodeNext', tsc),
      typeErrorsAsync(at(), 'page', 'Bundler', tsc),
    ]);
    expect(errors.flat()).to.deep.equal([]);
  });

  it('finds faces in pages of fresh projects: by Vite in development and built, by esbuild', async function () {
    const browser = await chromiumForAsync(this);
    try {
      writeProject(at());
      const bundled = Promise.all([bundleAsync(at(), 'vite'), bundleAsync(at(), 'esbuild')]);
      const found = [await titleAsync(browser, at(), [])];
      await bundled;
      found.push(await titleAsync(browser, at(), ['preview']));
      found.push(await titleAsync(browser, at(), ['preview', '--outDir', 'esbuild']));
      expect(found).to.deep.equal(Array(3).fill('faces: 3'));
    } finally {
      await browser.close();
    }
  });
});
