import { expect } from 'chai';
import * as fs from 'node:fs';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { runCli } from '../../../src/aofd/cli/main.js';
import { parseSafetensors, serializeSafetensors, toFloat32 } from '../../../src/nn/io/index.js';
import { capturedAsync } from '../../helpers/captured.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('aofd average', () => {
  const at = useTempFolder();

  function write(name: string, config = smallConfig(), seed = 1): string {
    const { metadata, tensors } = randomWeights(config, seed);
    const bytes = serializeSafetensors(Object.fromEntries(tensors), { ...metadata, score: '0.4' });
    return at.write(name, bytes);
  }

  const averageAsync = (...args: string[]): ReturnType<typeof capturedAsync<number>> =>
    capturedAsync(() => runCli(['average', ...args]));

  it('writes the mean of every parameter, without what was found for the scores of one run', async () => {
    const config = smallConfig();
    config.test.calibration = { scores: [0, 1], probabilities: [0, 0.5] };
    Object.assign(config.test, { occluderThreshold: 0.31, coveredShare: 0.17, largeFaceSize: 99 });
    const files = [write('a.st', config, 1), write('b.st', config, 2), write('c.st', config, 3)];
    const { result, err } = await averageAsync(...files, '--out', at('mean.st'));
    expect(result).to.equal(0);
    expect(err).to.match(/mean of 3 files/);
    const [mean, ...runs] = [at('mean.st'), ...files].map((file) =>
      parseSafetensors(fs.readFileSync(file)),
    );
    expect([...mean!.tensors.keys()]).to.have.members([...runs[0]!.tensors.keys()]);
    for (const [name, tensor] of mean!.tensors) {
      const parts = runs.map(({ tensors }) => toFloat32(tensors.get(name)!));
      toFloat32(tensor).forEach((value, i) => {
        const wanted = Math.fround((parts[0]![i]! + parts[1]![i]! + parts[2]![i]!) / 3);
        if (value !== wanted) expect(value, `${name}[${i}]`).to.equal(wanted);
      });
    }
    const { metadata } = mean!;
    expect(metadata).not.to.have.property('score');
    const { test } = JSON.parse(metadata['config']!) as { test: object };
    const { occluderThreshold, coveredShare } = smallConfig().test;
    const found = { calibration: null, occluderThreshold, coveredShare };
    expect(test).to.deep.include({ ...found, largeFaceSize: 99 });
  });

  it('refuses networks that would read the same numbers in another way, and values that are none', async () => {
    const a = write('a.st');
    const config = smallConfig();
    config.input.channelOrder = config.input.channelOrder === 'rgb' ? 'bgr' : 'rgb';
    const other = await averageAsync(a, write('b.st', config), '--out', at('mean.st'));
    expect(other.err).to.match(/input\.channelOrder is "..." in .*a\.st and "..." in .*b\.st/);
    const { metadata, tensors } = randomWeights();
    const [name, first] = [...tensors][0]!;
    const damaged = { ...first, data: first.data.slice() };
    new Float32Array(damaged.data.buffer)[3] = NaN;
    const bytes = serializeSafetensors(
      { ...Object.fromEntries(tensors), [name]: damaged },
      metadata,
    );
    const { err } = await averageAsync(a, at.write('nan.st', bytes), '--out', at('mean.st'));
    expect(err).to.match(/nan\.st: .*\[3\] is NaN/);
    expect(fs.existsSync(at('mean.st'))).to.equal(false);
  });

  it('refuses one file, other networks, and to write over its input', async () => {
    const a = write('a.st');
    for (const [args, message] of [
      [[a, '--out', at('mean.st')], /two runs or more/],
      [
        [a, write('nano.st', presetConfig('nano')), '--out', at('mean.st')],
        /is \(.*\) in .*a\.st and \(.*\) in .*nano\.st/,
      ],
      [[a, write('b.st'), '--out', a], /written over/],
    ] as const) {
      const { result, err } = await averageAsync(...args);
      expect(result).not.to.equal(0);
      expect(err).to.match(message);
      expect(fs.existsSync(at('mean.st'))).to.equal(false);
    }
    const { metadata, tensors } = randomWeights();
    const some = Object.fromEntries([...tensors].slice(1));
    const less = at.write('less.st', serializeSafetensors(some, metadata));
    for (const pair of [
      [a, less],
      [less, a],
    ]) {
      const { err } = await averageAsync(...pair, '--out', at('mean.st'));
      expect(err).to.match(/missing|are not in/);
    }
  });
});
