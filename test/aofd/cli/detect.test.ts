import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import fsDefault, * as fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { runCli } from '../../../src/aofd/cli/main.js';
import type { DetectionDocument } from '../../../src/aofd/cli/detect.js';
import { decodeImage } from '../../../src/aofd/data/files/decode.js';
import { listPictures } from '../../../src/aofd/detect/files/detect-files.js';
import { decodeRunLength } from '../../../src/aofd/detect/rle.js';
import { readSafetensorsFile } from '../../../src/nn/io/files/index.js';
import { writeRandomWeights } from '../../helpers/random-weights.js';
import { capturedAsync } from '../../helpers/captured.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const main = path.join(root, 'src/aofd/cli/main.ts');

describe('aofd detect', () => {
  const inFolder = useSuiteFolder();
  let weights: string;

  function aofd(args: string[], env: NodeJS.ProcessEnv = {}) {
    const tsx = path.join(root, 'node_modules/tsx/dist/esm/index.mjs');
    const got = spawnSync(process.execPath, [`--import=file://${tsx}`, main, ...args], {
      cwd: inFolder(),
      encoding: 'utf8',
      env: { ...process.env, DEBUG: '', ...env },
      maxBuffer: 1 << 28,
    });
    return { status: got.status, stdout: got.stdout, stderr: got.stderr };
  }

  /** Runs a command in this process: quicker, but standard error must be caught. */
  async function inProcess(args: string[]): Promise<{ code: number; stderr: string }> {
    const { result, err } = await capturedAsync(() => runCli(args));
    return { code: result, stderr: err };
  }

  /** Files below the folder, leftovers of interrupted writes among them. */
  const files = (below = '.'): string[] =>
    (fs.readdirSync(inFolder(below), { recursive: true, encoding: 'utf8' }) as string[])
      .filter((name) => fs.statSync(inFolder(below, name)).isFile())
      .sort();

  before(async () => {
    weights = inFolder('weights.safetensors');
    writeRandomWeights(weights);
    const photo = (width: number, height: number) =>
      sharp({
        create: {
          width,
          height,
          channels: 3,
          background: '#808080',
          noise: { type: 'gaussian', mean: 128, sigma: 40 },
        },
      });
    const at = (...parts: string[]): string => inFolder('photos', ...parts);
    fs.mkdirSync(at('deep', 'er'), { recursive: true });
    await photo(90, 60).jpeg().toFile(at('a.jpg'));
    await photo(60, 90).png().toFile(at('deep', 'a.png'));
    await photo(64, 64)
      .webp()
      .toFile(at('deep', 'er', 'b.webp'));
    // Lying on its side: EXIF says turn by 90 degrees.
    await photo(80, 40).withMetadata({ orientation: 6 }).jpeg().toFile(at('turned.jpg'));
    fs.writeFileSync(at('notes.txt'), 'not a picture, and not taken from the folder');
    const bad = (name: string): string => inFolder('bad', name);
    fs.mkdirSync(inFolder('bad'));
    const jpeg = await photo(200, 200).jpeg().toBuffer();
    fs.writeFileSync(bad('cut.jpg'), jpeg.subarray(0, jpeg.length / 3));
    const png = await photo(200, 200).png().toBuffer();
    fs.writeFileSync(bad('cut.png'), png.subarray(0, png.length / 3));
    fs.writeFileSync(bad('empty.jpg'), '');
    fs.writeFileSync(bad('text.jpg'), 'This is a letter, not a photograph.');
    const huge = Buffer.from(png.subarray(0, 64));
    huge.writeUInt32BE(60000, 16);
    huge.writeUInt32BE(60000, 20);
    fs.writeFileSync(bad('huge.png'), huge);
    await photo(50, 50).jpeg().toFile(bad('good.jpg'));
  });

  it('writes one annotated picture per file and one document', async () => {
    const got = aofd([
      'detect',
      'photos',
      '--weights',
      weights,
      '--out',
      'found',
      '--score',
      '0.3',
    ]);
    expect(got.stderr).to.include('[4/4]');
    expect(got.status).to.equal(0);
    expect(files('found')).to.deep.equal([
      'a.png',
      'deep/a.png',
      'deep/er/b.png',
      'detections.json',
      'turned.png',
    ]);
    const text = fs.readFileSync(inFolder('found/detections.json'), 'utf8');
    const document = JSON.parse(text) as DetectionDocument;
    expect(Object.keys(document)).to.deep.equal(['version', 'adapter', 'weights', 'images']);
    expect(document.version).to.match(/^\d+\.\d+\.\d+/);
    expect(document.adapter.name).to.be.a('string').and.not.equal('');
    expect(document.weights.sha256).to.match(/^[0-9a-f]{64}$/);
    expect(document.images.map((image) => image.file)).to.deep.equal([
      'photos/a.jpg',
      'photos/deep/a.png',
      'photos/deep/er/b.webp',
      'photos/turned.jpg',
    ]);
    const turned = document.images[3];
    expect([turned?.width, turned?.height]).to.deep.equal([40, 80]);
    const annotated = await decodeImage(inFolder('found/turned.png'));
    expect([annotated.width, annotated.height]).to.deep.equal([40, 80]);
    for (const { faces, width, height, timeMs } of document.images) {
      expect(timeMs).to.be.greaterThan(0);
      for (const { box, score, occlusion } of faces) {
        expect(score).to.be.within(0.3, 1);
        expect(Math.min(...box)).to.be.at.least(0);
        expect(box[2]).to.be.at.most(width);
        expect(box[3]).to.be.at.most(height);
        const mask = decodeRunLength(occlusion!.mask!);
        const covered = mask.data.reduce((sum, v) => sum + v, 0);
        expect(covered / mask.data.length).to.be.closeTo(occlusion!.ratio, 1e-4);
      }
    }
  });

  it('reports bad pictures one by one, goes on, and ends with exit code 1', () => {
    const got = aofd([
      'detect',
      'bad',
      'gone.jpg',
      '--weights',
      weights,
      '--json',
      '-',
      '--no-masks',
    ]);
    expect(got.status).to.equal(1);
    const document = JSON.parse(got.stdout) as DetectionDocument;
    expect(document.images.map((image) => image.file)).to.deep.equal(['bad/good.jpg']);
    const errors = new Map(document.errors?.map(({ file, error }) => [path.basename(file), error]));
    expect([...errors.keys()].sort()).to.deep.equal([
      'cut.jpg',
      'cut.png',
      'empty.jpg',
      'gone.jpg',
      'huge.png',
      'text.jpg',
    ]);
    expect(errors.get('empty.jpg')).to.include('0 bytes');
    expect(errors.get('huge.png')).to.include('more than 100000000 pixels');
    expect(errors.get('text.jpg')).to.include('not a picture');
    expect(errors.get('gone.jpg')).to.include('cannot be read');
    for (const error of errors.values()) expect(error).to.include('Fix: ');
    expect(got.stderr).to.include('bad/cut.jpg').and.not.include('    at ');
    // With only --json no picture is written anywhere.
    expect(fs.existsSync(inFolder('out'))).to.equal(false);
  });

  it('refuses wrong calls with exit code 2, and damaged weights with 1, writing nothing', async () => {
    const none = inFolder('none');
    const photos = inFolder('photos');
    const json = inFolder('d.json');
    fs.mkdirSync(none);
    const before = files();
    const empty = await inProcess(['detect', none, '--json', json, '--weights', weights]);
    expect(empty.code).to.equal(2);
    expect(empty.stderr).to.include('there is no picture in');
    expect((await inProcess(['detect'])).code).to.equal(2);
    const score = await inProcess(['detect', photos, '--score', '7']);
    expect(score.code).to.equal(2);
    expect(score.stderr).to.include('from 0 to 1');
    const scales = await inProcess(['detect', photos, '--scales', 'large']);
    expect(scales.code).to.equal(2);
    expect(scales.stderr).to.include('from 0.1 to 8');
    const cut = inFolder('cut.safetensors');
    fs.writeFileSync(cut, fs.readFileSync(weights).subarray(0, 5000));
    const damaged = await inProcess(['detect', photos, '--weights', cut, '--json', json]);
    expect(damaged.code).to.equal(1);
    expect(damaged.stderr).to.include('cut.safetensors').and.include('Fix: ');
    fs.rmSync(cut);
    const missing = await inProcess(['detect', photos, '--weights', cut, '--json', json]);
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.include('cut.safetensors');
    expect(files()).to.deep.equal(before);
  });

  it('leaves nothing half-written when the disk is full', async () => {
    const out = inFolder('full');
    const write = fsDefault.writeSync;
    // The disk takes 100 bytes of each picture, then is full.
    fsDefault.writeSync = ((fd: number, data: Uint8Array) => {
      write(fd, data.subarray(0, 100));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }) as unknown as typeof write;
    syncBuiltinESMExports();
    let got = { code: 0, stderr: '' };
    try {
      const photo = inFolder('photos/a.jpg');
      got = await inProcess(['detect', photo, '--weights', weights, '--out', out, '--quiet']);
    } finally {
      fsDefault.writeSync = write;
      syncBuiltinESMExports();
    }
    expect(got.code).to.equal(1);
    expect(got.stderr).to.include('a.png: no space left on the disk. Fix: ');
    expect(files('full')).to.deep.equal([]);
  });

  it('writes every intermediate tensor and heat maps (aofd inspect)', () => {
    const got = aofd(
      [
        'inspect',
        'photos/a.jpg',
        '--weights',
        weights,
        '--out',
        'inside',
        '--score',
        '0.3',
        '--faces',
        '2',
      ],
      { DEBUG: '2' },
    );
    expect(got.status).to.equal(0);
    expect(files('inside')).to.include.members([
      'detections.png',
      'face-01-generator.png',
      'face-02-generator.png',
      'objectness-stride8.png',
      'occluders.png',
      'tensors.safetensors',
    ]);
    const { tensors, metadata } = readSafetensorsFile(inFolder('inside/tensors.safetensors'));
    expect(metadata['image']).to.equal('a.jpg');
    expect(tensors['features/stride8']?.shape.slice(0, 1)).to.deep.equal([1]);
    // DEBUG=2 prints each kernel with line numbers.
    expect(got.stderr)
      .to.match(/\[nn\] kernel \S+/)
      .and.match(/\n {4}1 {2}\S/);
  });

  it('lists pictures of folders sorted, each once, without the output folder', () => {
    const photos = inFolder('photos');
    const names = listPictures([photos, path.join(photos, 'a.jpg')]).map((p) => p.name);
    expect(names).to.deep.equal(['a.jpg', 'deep/a.png', 'deep/er/b.webp', 'turned.jpg']);
    const some = listPictures([photos], [path.join(photos, 'deep')]).map((p) => p.name);
    expect(some).to.deep.equal(['a.jpg', 'turned.jpg']);
    // A file named by itself is taken whatever its ending.
    expect(listPictures(['x.bin']).map((p) => p.file)).to.deep.equal(['x.bin']);
  });
});
