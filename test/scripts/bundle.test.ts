/** A program for Node that was bundled with this package in it, as docs/usage.md says. */
import { expect } from 'chai';
import { buildSync } from 'esbuild';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { linkPackages, root, run, type Finished } from '../../scripts/verify/consumer.js';
import { EXTERNALS } from '../../scripts/verify/externals.js';
import { useSuiteFolder } from '../helpers/temp-folder.js';

const PROGRAM = `
import { Detector } from ${JSON.stringify(join(root, 'src/aofd/index.ts'))};
(async () => {
  const detector = await Detector.createAsync();
  const { faces } = await detector.detectAsync({ width: 48, height: 32, data: new Uint8Array(48 * 32 * 3) });
  await detector[Symbol.asyncDispose]();
  console.log('faces', faces.length);
})().catch((error) => console.log('REJECTED', error.constructor.name, error.code, error.message));
`;

describe('a bundled program (esbuild)', function () {
  this.timeout(600_000);
  const at = useSuiteFolder();

  /** Bundles the program in a folder whose node_modules has what it needs, the package itself or not. */
  const bundle = (format: 'esm' | 'cjs', isInstalled: boolean): Finished => {
    const folder = at(`${format}-${isInstalled}`);
    const modules = join(folder, 'node_modules');
    mkdirSync(modules, { recursive: true });
    linkPackages(modules);
    if (isInstalled) symlinkSync(root, join(modules, 'aofd'), 'dir');
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const outfile = join(folder, format === 'esm' ? 'out.mjs' : 'out.cjs');
    const { errors } = buildSync({
      stdin: { contents: PROGRAM, resolveDir: folder, loader: 'ts' },
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      external: [...EXTERNALS],
      outfile,
      logLevel: 'silent',
    });
    expect(errors).to.be.empty;
    return run(process.execPath, [outfile], folder);
  };

  for (const format of ['esm', 'cjs'] as const) {
    it(`works as ${format}, with the documented externals`, () => {
      const done = bundle(format, true);
      expect(done.stdout, done.stderr).to.match(/^faces \d+$/m);
      expect(done.status).to.equal(0);
    });
  }

  it('names the setting in one error where the package itself is not there', () => {
    const { stdout } = bundle('esm', false);
    expect(stdout).to.match(/^REJECTED PlatformError package-files .*--external:aofd/m);
    expect(stdout).to.match(/serverExternalPackages: \["aofd"\]/);
  });
});
