import { expect } from 'chai';
import * as fs from 'node:fs';
import { runCli } from '../../../src/aofd/cli/main.js';
import { parseSafetensors } from '../../../src/nn/io/index.js';
import { capturedAsync } from '../../helpers/captured.js';
import { writeRandomWeights } from '../../helpers/random-weights.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('aofd export', () => {
  const at = useSuiteFolder();

  it('writes float16 weights without the mask generator, and refuses to write over its input', async () => {
    const file = at('weights.safetensors');
    const out = at('web.safetensors');
    writeRandomWeights(file);
    const before = fs.readFileSync(file);
    const args = ['export', '--format', 'web', '--weights', file];
    const { result, err } = await capturedAsync(() => runCli([...args, '--out', out]));
    expect(result).to.equal(0);
    expect(err).to.match(/wrote .*web\.safetensors: \d\.\d\d MB/);
    const { tensors, metadata } = parseSafetensors(fs.readFileSync(out));
    expect([...tensors.values()].every(({ dtype }) => dtype === 'F16')).to.equal(true);
    expect([...tensors.keys()].some((name) => name.startsWith('generator.'))).to.equal(false);
    expect(metadata['config']).to.be.a('string');
    const refused = await capturedAsync(() => runCli([...args, '--out', file]));
    expect(refused.result).to.not.equal(0);
    expect(refused.err).to.match(/written over/);
    expect(fs.readFileSync(file).equals(before)).to.equal(true);
  });
});
