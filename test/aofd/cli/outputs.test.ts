import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { expect } from 'chai';
import { runCli } from '../../../src/aofd/cli/main.js';
import { EXIT } from '../../../src/aofd/cli/errors.js';
import { capturedAsync } from '../../helpers/captured.js';
import { gradientImage, pngOf } from '../../helpers/pictures.js';
import { smallConfig, writeRandomWeights } from '../../helpers/random-weights.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

/** A list of one picture with one face. */
const labels = JSON.stringify({
  images: [{ id: 1, file_name: 'a.png' }],
  annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 2, 20, 20] }],
  categories: [{ id: 1, name: 'face' }],
});
const boxes = 'image,x1,y1,x2,y2,score\na.png,1,2,21,22,0.5\n';

describe('commands never write over what they read', () => {
  const at = useTempFolder();
  const put = (name: string, content: string | Uint8Array): string => at.write(name, content);

  /** The command must refuse with the usage exit code, name the file, and leave it as it was. */
  async function refusesAsync(input: string, ...args: string[]): Promise<void> {
    const before = fs.readFileSync(input);
    const { result, err } = await capturedAsync(() => runCli(args));
    expect(err).to.match(/is read, and would be written over/);
    expect(result).to.equal(EXIT.usage);
    expect(fs.readFileSync(input).equals(before)).to.equal(true);
  }

  const evaluate = (...more: string[]): string[] => [
    ...['eval', 'coco', '--bootstrap', '0', '--out', at('out')],
    ...more,
  ];

  it('eval: results, those compared with, labels; through a link, too', async () => {
    const data = put('set/val.json', labels);
    const other = put('other.csv', boxes);
    const own = put('out/detections.csv', boxes);
    await refusesAsync(own, ...evaluate('--data', data, '--detections', own));
    await refusesAsync(own, ...evaluate('--data', data, '--detections', other, '--compare', own));
    const peer = ['--peer', `x=${own}`];
    await refusesAsync(own, ...evaluate('--data', data, '--detections', other, ...peer));
    const label = put('out/report.json', labels);
    await refusesAsync(label, ...evaluate('--data', label, '--detections', other));
    fs.rmSync(label);
    fs.symlinkSync(other, label);
    await refusesAsync(other, ...evaluate('--data', data, '--detections', other));
  });

  it('eval: pictures, whatever the report calls its files', async () => {
    const picture = put('set/a.png', pngOf(gradientImage(40, 30)));
    const data = put('set/val.json', labels);
    const other = put('other.csv', boxes);
    const first = await capturedAsync(() =>
      runCli(evaluate('--data', data, '--detections', other)),
    );
    expect(first.result, first.err).to.equal(0);
    const written = fs
      .readdirSync(at('out'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.png'));
    expect(written).to.not.deep.equal([]);
    fs.rmSync(at('out', written[0]!));
    fs.symlinkSync(picture, at('out', written[0]!));
    const before = fs.readFileSync(picture);
    const again = await capturedAsync(() =>
      runCli(evaluate('--data', data, '--detections', other)),
    );
    expect(again.err).to.match(/was read, and would be written over/);
    expect(again.result).to.equal(EXIT.failure);
    expect(fs.readFileSync(picture).equals(before)).to.equal(true);
  });

  it('calibrate, export, train, inspect, detect, tune and reproduce', async () => {
    const weights = at('out/weights.safetensors');
    fs.mkdirSync(at('out'));
    writeRandomWeights(weights);
    const picture = put('out/detections.png', pngOf(gradientImage(40, 30)));
    const config = put('c.json', '{}');
    const study = put('out/report.json', '{}');
    await refusesAsync(
      weights,
      ...['calibrate', '--weights', weights, '--out', weights, '--faces', 'x'],
    );
    await refusesAsync(weights, 'export', '--weights', weights, '--out', weights);
    await refusesAsync(weights, 'train', '--weights', weights, '--out', at('out'));
    await refusesAsync(picture, 'inspect', picture, '--weights', weights, '--out', at('out'));
    await refusesAsync(picture, 'detect', picture, '--json', picture);
    const profile = ['--json', at('d.json'), '--weights', weights, '--profile'];
    await refusesAsync(weights, 'detect', picture, ...profile, linked(weights, 'p.json'));
    await refusesAsync(config, 'tune', '--config', config, '--out', config);
    await refusesAsync(study, 'reproduce', '--study', study, '--out', at('out'));
  });

  it('weights that no option names', async () => {
    const weights = at('out/tensors.safetensors');
    fs.mkdirSync(at('out'));
    writeRandomWeights(weights);
    const picture = put('a.png', pngOf(gradientImage(40, 30)));
    const before = process.env['AOFD_WEIGHTS'];
    process.env['AOFD_WEIGHTS'] = weights;
    try {
      await refusesAsync(weights, 'detect', picture, '--json', weights);
      const profile = ['--json', at('d.json'), '--profile', linked(weights, 'p.json')];
      await refusesAsync(weights, 'detect', picture, ...profile);
      await refusesAsync(weights, 'inspect', picture, '--out', at('out'));
    } finally {
      if (before === undefined) delete process.env['AOFD_WEIGHTS'];
      else process.env['AOFD_WEIGHTS'] = before;
    }
  });

  it('reproduce: the study, through --report-to', async () => {
    const study = put('out/report.json', '{}');
    await refusesAsync(
      study,
      ...['reproduce', '--study', study, '--out', at('new'), '--report-to', at('out')],
    );
  });

  it('train and calibrate: lists of the data', async () => {
    const list = put('set/config.json', labels);
    const names = put('set/names.json', '{"drop": []}');
    const mine = { kind: 'coco' as const, list: 'config.json', leaveOut: ['names.json#drop'] };
    const config = put('c.json', JSON.stringify({ data: { root: at('set'), sources: { mine } } }));
    for (const file of [list, names]) {
      await refusesAsync(file, 'train', '--config', config, '--dump-step', file);
      const profile = ['--profile', linked(file, `${path.basename(file)}.link.json`)];
      await refusesAsync(file, 'train', '--config', config, '--out', at('new'), ...profile);
    }
    await refusesAsync(list, 'train', '--config', config, '--out', at('set'));
    const ownConfig = smallConfig();
    ownConfig.data.sources = { mine };
    writeRandomWeights(at('w.safetensors'), ownConfig);
    const calibrate = ['calibrate', '--weights', at('w.safetensors'), '--data-root', at('set')];
    for (const file of [list, names]) {
      await refusesAsync(file, ...calibrate, '--faces', 'mine', '--out', file);
    }
  });

  it('train: labels in a folder that is a list', async () => {
    const label = put('set/labels/a.xml', '<annotation/>');
    const mine = { kind: 'voc' as const, list: 'labels', images: 'pictures' };
    const config = put('c.json', JSON.stringify({ data: { root: at('set'), sources: { mine } } }));
    await refusesAsync(label, 'train', '--config', config, '--dump-step', label);
  });

  it('doctor: the weights', async () => {
    const file = put('mine.safetensors', 'weights');
    await refusesAsync(file, 'doctor', '--weights', file, '--report', file);
  });

  function linked(file: string, name: string): string {
    fs.symlinkSync(file, at(name));
    return at(name);
  }

  it('say at once that --out is a file where a folder is needed', async () => {
    const file = put('file', 'x');
    const data = put('set/val.json', labels);
    const other = put('other.csv', boxes);
    const picture = put('a.png', pngOf(gradientImage(40, 30)));
    for (const args of [
      ['eval', 'coco', '--data', data, '--detections', other, '--out', file],
      ['detect', picture, '--out', file],
      ['inspect', picture, '--out', file],
      ['train', '--out', file],
      ['reproduce', '--study', data, '--out', file],
      ['reproduce', '--study', data, '--out', at('new'), '--report-to', file],
    ]) {
      const { result, err } = await capturedAsync(() => runCli(args));
      expect(err, args[0]).to.match(/file is a file; a folder is needed/);
      expect(result).to.equal(EXIT.usage);
    }
    expect(fs.readFileSync(file, 'utf8')).to.equal('x');
  });
});
