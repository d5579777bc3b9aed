import * as fs from 'node:fs';
import { expect } from 'chai';
import { runCli } from '../../../src/aofd/cli/main.js';
import {
  adapterName,
  formatTable,
  kernelHash,
  parseTable,
  slugOf,
} from '../../../src/nn/ops/tuning/index.js';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { collectLayers } from '../../../src/aofd/model/planned-layers.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { gradientImage, pngOf } from '../../helpers/pictures.js';
import { capturedAsync } from '../../helpers/captured.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

/** Runs a command in this process; what it prints is returned. */
async function runAsync(args: string[]): Promise<{ code: number; err: string; out: string }> {
  const { result, out, err } = await capturedAsync(() => runCli(args));
  return { code: result, out, err };
}

describe('aofd tune', function () {
  this.timeout(120_000);
  const at = useSuiteFolder();

  it('times what no earlier run timed, and keeps the rest', async () => {
    const file = at('table.json');
    const sets = ['proposals.test.postNmsTop=32', 'model.hidden6=32'];
    const args = ['tune', '--size', '64x64', '--no-train', '--budget', '0', '--out', file];
    for (const set of sets) args.push('--set', set);
    // As if a run had ended before the first and the last layer were timed.
    const { context } = await testDeviceAsync();
    const config = resolveConfig({ preset: 'lite' }, sets);
    const size = { width: 64, height: 64, train: false };
    const all = collectLayers(await testDeviceAsync(), config, size);
    expect(all.length).to.be.greaterThan(20);
    const [first, last] = [all[0]?.key ?? '', all[all.length - 1]?.key ?? ''];
    expect(first).to.equal('conv 1x3x64x64 16x3x3 s2 p1 d1');
    const known = { forward: { algorithm: 'naive', ms: 1234 } };
    const layers = Object.fromEntries(all.map(({ key }) => [key, known]));
    delete layers[first];
    delete layers[last];
    const table = { adapter: adapterName(context), kernels: kernelHash(context), layers };
    fs.writeFileSync(file, formatTable({ version: 1, ...table }));
    const { code, err, out } = await runAsync(args);
    expect(code, err).to.equal(0);
    expect(err).to.match(new RegExp(`${all.length - 2} of ${all.length} passes were timed before`));
    expect(err).to.match(/1\/2 {2}conv 1x3x64x64 16x3x3 s2 p1 d1 forward/);
    expect(out).to.match(/layers of .* in .*table\.json/);
    const after = parseTable(fs.readFileSync(file, 'utf8'), file).layers;
    for (const key of Object.keys(layers)) expect(after[key]).to.deep.equal(known);
    expect(after[first]?.forward?.ms).to.be.within(0, 1000);
  });

  it('goes on without a broken table of the user, with a warning', async () => {
    const { context } = await testDeviceAsync();
    const cache = at('cache');
    fs.mkdirSync(cache);
    const file = at('cache', `${slugOf(adapterName(context))}.json`);
    fs.writeFileSync(file, '{"version": 1, "layers": {"x": null}}');
    const picture = at('grey.png');
    fs.writeFileSync(picture, pngOf(gradientImage(64, 48)));
    const before = process.env['AOFD_TUNE_CACHE'];
    process.env['AOFD_TUNE_CACHE'] = cache;
    try {
      const { code, err } = await runAsync(['detect', picture, '--json', at('d')]);
      expect(code, err).to.equal(0);
      expect(err).to.contain(`going on without this tuning table: ${file}`);
    } finally {
      if (before === undefined) delete process.env['AOFD_TUNE_CACHE'];
      else process.env['AOFD_TUNE_CACHE'] = before;
    }
  });

  it('refuses what it cannot understand', async () => {
    expect((await runAsync(['tune', '--size', '64'])).err).to.match(/--size is "64".*WxH/s);
    const both = await runAsync(['tune', '--preset', 'lite', '--config', 'x.json']);
    expect(both.err).to.match(/both name a network/);
    expect(both.code).to.not.equal(0);
  });
});
