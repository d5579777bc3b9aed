import { expect } from 'chai';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { runCli } from '../../../src/aofd/cli/main.js';
import { profileFiles, withProfileAsync } from '../../../src/aofd/cli/profile.js';
import type { ChromeTrace, Profile } from '../../../src/nn/index.js';
import { encodePng } from '../../../src/aofd/detect/files/png.js';
import { writeRandomWeights } from '../../helpers/random-weights.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { capturedAsync } from '../../helpers/captured.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('--profile', function () {
  this.timeout(120_000);
  const at = useSuiteFolder();

  const printedAsync = async (work: () => Promise<unknown>): Promise<string> =>
    (await capturedAsync(work)).err;

  const read = <T>(file: string): T => JSON.parse(fs.readFileSync(file, 'utf8')) as T;

  it('puts a trace beside a report, or both into a folder', () => {
    expect(profileFiles('a/b.json')).to.deep.equal({ report: 'a/b.json', trace: 'a/b.trace.json' });
    expect(profileFiles('a')).to.deep.equal({
      report: path.join('a', 'profile.json'),
      trace: path.join('a', 'trace.json'),
    });
  });

  it('tells detect by kernel, layer and host phase, with every readback', async () => {
    const weights = at('w.safetensors');
    const picture = at('p.png');
    const out = at('profile');
    writeRandomWeights(weights);
    const data = new Uint8Array(96 * 64 * 3).fill(80);
    fs.writeFileSync(picture, encodePng({ width: 96, height: 64, data }));
    const args = ['detect', picture, '--weights', weights, '--json', at('d.json')];
    const text = await printedAsync(async () => {
      expect(await runCli([...args, '--profile', out])).to.equal(0);
    });
    expect(text).to.match(/^kernel +count +ms/m);
    // Only the slowest layers are shown, and which these are depends on the machine's load.
    expect(text).to.match(/^(backbone|rpn|head|seg)\S* +\d+/m);
    expect(text).to.match(
      /readbacks: 5 \(rpn scores 1, rpn boxes 1, occluder map 1, head scores 1, head boxes 1\)/,
    );
    const profile = read<Omit<Profile, 'events'>>(path.join(out, 'profile.json'));
    expect(profile).to.not.have.property('events');
    expect(profile.layers.map(({ name }) => name)).to.include.members(['backbone.stem', 'rpn.cls']);
    expect(profile.host.map(({ name }) => name)).to.include.members(['proposals', 'read picture']);
    expect(profile.pipelines.length).to.be.within(5, 40);
    const { traceEvents } = read<ChromeTrace>(path.join(out, 'trace.json'));
    expect(traceEvents.filter(({ ph, pid }) => ph === 'X' && pid === 2).length).to.be.greaterThan(
      50,
    );
  });

  it('is written, too, when the work fails, and costs nothing when it is not asked for', async () => {
    const device = await testDeviceAsync();
    const report = at('failed.json');
    let error: unknown = null;
    const text = await printedAsync(async () => {
      const work = withProfileAsync(device, report, () => Promise.reject(new Error('stop')));
      error = await work.catch((e: unknown) => e);
    });
    expect(error).to.have.property('message', 'stop');
    expect(text).to.include('wrote');
    expect(fs.existsSync(report)).to.equal(true);
    expect(device.context.observer).to.equal(null);
    await withProfileAsync(device, undefined, () => {
      expect(device.context.observer).to.equal(null);
      return Promise.resolve();
    });
  });
});
