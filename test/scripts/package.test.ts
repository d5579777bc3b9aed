/** What users install, without packing it: its entries lead somewhere, and its types compile in strict projects. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { writeBrowserBundleAsync } from '../../scripts/browser-bundle.js';
import { linkPackages, root } from '../../scripts/verify/consumer.js';
import { typeErrors } from '../../scripts/verify/package/types.js';
import { useSuiteFolder } from '../helpers/temp-folder.js';

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
    const node = (...args: string[]): Buffer => execFileSync(process.execPath, args, { cwd: root });
    // The sources are checked elsewhere; here only what comes out of them counts.
    for (const config of ['tsconfig.build.json', 'tsconfig.build-browser.json']) {
      node(tsc, '-p', config, '--noCheck', '--sourceMap', 'false', '--outDir', dist);
    }
    node('--import', 'tsx', 'scripts/build-types.ts', dist);
    await writeBrowserBundleAsync(join(dist, 'browser'));
  });

  it('has entries that lead somewhere', async () => {
    const { messages, pkg } = await publint({
      pkgDir: at('node_modules/aofd'),
      pack: false,
      level: 'warning',
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).to.be.empty;
  });

  it('compiles in a strict project for Node', () => {
    expect(typeErrors(at(), 'node', 'NodeNext', tsc)).to.deep.equal([]);
  });

  it('compiles in a strict project for pages that knows nothing of Node', () => {
    expect(typeErrors(at(), 'page', 'Bundler', tsc)).to.deep.equal([]);
  });
});
