/** `aofd detect` among files that are not as they should be: each other picture is done all the same. */
import { expect } from 'chai';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { gradientImage, jpegOf, pngOf } from '../../helpers/pictures.js';
import { capturedAsync } from '../../helpers/captured.js';
import { writeRandomWeights } from '../../helpers/random-weights.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';
import { runCli } from '../../../src/aofd/cli/main.js';
import type { DetectionDocument } from '../../../src/aofd/cli/detect.js';

describe('aofd detect, files that are not as they should be', function () {
  this.timeout(120_000);
  const at = useSuiteFolder();
  let jpeg: Buffer;
  let png: Buffer;

  before(async () => {
    writeRandomWeights(at('w.safetensors'));
    jpeg = await jpegOf(gradientImage(60, 40));
    png = pngOf(gradientImage(40, 60));
  });

  const put = (name: string, content: Uint8Array | string = jpeg): string => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), content);
    return at(name);
  };
  const below = (name: string): string[] =>
    (fs.readdirSync(at(name), { recursive: true }) as string[]).sort();
  const documentIn = (file: string): DetectionDocument =>
    JSON.parse(fs.readFileSync(at(file), 'utf8')) as DetectionDocument;

  async function detect(...args: string[]): Promise<{ code: number; err: string }> {
    process.exitCode = undefined;
    const all = ['detect', ...args, '--weights', at('w.safetensors'), '--no-masks'];
    const { result, err } = await capturedAsync(() => runCli(all));
    process.exitCode = undefined;
    return { code: result, err };
  }

  it('an output folder that is the input folder: inputs stay, a second run finds the same', async () => {
    put('same/photo.jpg');
    put('same/photo.png', png);
    for (let run = 0; run < 2; run++) {
      const { code } = await detect(at('same'), '--out', at('same'));
      expect(code).to.equal(0);
      expect(below('same')).to.deep.equal([
        'detections.json',
        'photo-2.faces.png',
        'photo.faces.png',
        'photo.jpg',
        'photo.png',
      ]);
      expect(Buffer.compare(fs.readFileSync(at('same/photo.png')), png)).to.equal(0);
      expect(documentIn('same/detections.json').images).to.have.length(2);
    }
  });

  it('a document or an output that would replace an input is refused before anything is done', async () => {
    const file = put('mine/a.jpg');
    fs.symlinkSync(file, at('mine/link.json'));
    for (const json of [file, at('mine/link.json')]) {
      const { code, err } = await detect(file, '--json', json);
      expect(code).to.equal(2);
      expect(err).to.include('is read, and would be written over');
    }
    const folder = await detect(file, '--json', at('mine'));
    expect(folder.code).to.equal(2);
    expect(folder.err).to.include('is a folder');
    const detections = put('inside/detections.png', png);
    process.exitCode = undefined;
    const args = ['inspect', detections, '--out', at('inside'), '--weights', at('w.safetensors')];
    const { result, err } = await capturedAsync(() => runCli(args));
    expect(result).to.equal(2);
    expect(err).to.include('would be written over');
    expect(Buffer.compare(fs.readFileSync(detections), png)).to.equal(0);
  });

  it('names as long as the file system allows, names of folders, and failing writes', async () => {
    put(`many/${'x'.repeat(245)}.jpg`);
    put(`many/${'x'.repeat(251)}.jpg`);
    put('many/a.jpg');
    put('many/b.jpg');
    put('many/b.png/c.jpg');
    put('many/d.jpg');
    put('many/broken.jpg', jpeg.subarray(0, jpeg.length / 2));
    fs.mkdirSync(at('found/d.png/in-the-way'), { recursive: true });
    const { code, err } = await detect(at('many'), at('nothing.jpg'), '--out', at('found'));
    expect(code).to.equal(1);
    const { images, errors, unfinished } = documentIn('found/detections.json');
    expect(unfinished).to.equal(undefined);
    expect(images).to.have.length(6);
    const failed = errors!.map(({ file }) => path.basename(file)).sort();
    expect(failed).to.deep.equal(['broken.jpg', 'd.jpg', 'nothing.jpg']);
    for (const { error } of errors!) expect(error).to.include('Fix: ');
    expect(err).to.include('broken.jpg').and.not.include('    at ');
    expect(below('found').filter((name) => name.endsWith('.png'))).to.deep.equal(
      [
        'a.png',
        'b-2.png',
        'b.png',
        'b.png/c.png',
        'd.png',
        `${'x'.repeat(245)}.png`,
        `${'x'.repeat(251)}.png`,
      ].sort(),
    );
    expect(below('found').some((name) => name.includes('.tmp-'))).to.equal(false);
  });

  it('HEIC files: counted beside others, and told how to convert them', async () => {
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'.padEnd(200, '\0'), 'latin1');
    put('phone/a.heic', heic);
    const alone = await detect(at('phone'), '--json', at('d.json'));
    expect(alone.code).to.equal(2);
    expect(alone.err).to.include('1 .heic').and.include('heif-convert');
    put('phone/b.jpg');
    put('phone/._b.jpg', 'no picture');
    const mixed = await detect(at('phone'), '--json', at('d.json'));
    expect(mixed.code).to.equal(0);
    expect(mixed.err).to.include('passed over in folders: 1 .heic');
    const named = await detect(at('phone/a.heic'), '--json', at('d.json'));
    expect(named.code).to.equal(1);
    expect(documentIn('d.json').errors?.[0]?.error).to.match(/HEIC.*heif-convert/);
  });

  it('an interrupted run writes what is done', async () => {
    for (let i = 0; i < 12; i++) put(`long/${String(i).padStart(2, '0')}.jpg`);
    const running = detect(at('long'), '--json', at('long.json'));
    // The first line about a picture shows that one is done.
    const write = process.stderr.write;
    const watched = process.stderr.write.bind(process.stderr);
    process.stderr.write = ((text: string) => {
      if (String(text).startsWith('[1/12]')) process.emit('SIGINT');
      return watched(text);
    }) as typeof write;
    const { code } = await running.finally(() => (process.stderr.write = write));
    expect(code).to.equal(130);
    const { images, unfinished } = documentIn('long.json');
    expect(unfinished).to.equal(true);
    expect(images.length).to.be.within(1, 11);
  });
});
