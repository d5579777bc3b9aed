import { expect } from 'chai';
import * as fs from 'node:fs';
import sharp from 'sharp';
import { describeRun, duration, Progress } from '../../../src/aofd/cli/eval-progress.js';
import { parseCompared, parsePeers } from '../../../src/aofd/cli/eval-options.js';
import { runCli } from '../../../src/aofd/cli/main.js';
import { detectSetAsync, type RunSettings } from '../../../src/aofd/eval/detections/runner.js';
import type { DetectionSet, EvalImage } from '../../../src/aofd/eval/protocol.js';
import { smallConfig, writeRandomWeights } from '../../helpers/random-weights.js';
import { capturedAsync } from '../../helpers/captured.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const COUNT = 6;

describe('aofd eval', () => {
  const at = useSuiteFolder();
  let weights: string;

  /** Runs a command in this process with what it prints. */
  async function aofd(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const { result, out, err } = await capturedAsync(() => runCli(args));
    return { code: result, out, err };
  }

  before(async () => {
    weights = at('weights.safetensors');
    writeRandomWeights(weights, smallConfig(96));
    fs.mkdirSync(at('set/images'), { recursive: true });
    const images: { id: number; file_name: string; width: number; height: number }[] = [];
    const annotations = [];
    for (let i = 0; i < COUNT; i++) {
      const name = `images/${i}.png`;
      await sharp({
        create: {
          width: 96,
          height: 72 + i,
          channels: 3,
          background: '#808080',
          noise: { type: 'gaussian', mean: 128, sigma: 40 },
        },
      })
        .png()
        .toFile(at('set', name));
      images.push({ id: i, file_name: name, width: 96, height: 72 + i });
      annotations.push({
        id: i,
        image_id: i,
        category_id: 1 + (i % 2),
        bbox: [10 + i, 12, 30, 36],
        area: 30 * 36,
        iscrowd: 0,
      });
    }
    const categories = [
      { id: 1, name: 'masked' },
      { id: 2, name: 'unmasked' },
    ];
    fs.writeFileSync(at('set/val.json'), JSON.stringify({ images, annotations, categories }));
    const rows = (shift: number, score: (i: number) => number): string[] =>
      images.map(
        ({ file_name: name }, i) =>
          `${name},${10 + i + shift},12,${40 + i + shift},48,${score(i).toFixed(2)}`,
      );
    const head = 'image,x1,y1,x2,y2,score';
    fs.writeFileSync(at('good.csv'), [head, ...rows(0, (i) => 0.9 - i / 20), ''].join('\n'));
    fs.writeFileSync(at('poor.csv'), [head, ...rows(25, () => 0.5), ''].join('\n'));
    fs.writeFileSync(
      at('broken.csv'),
      `${head}\nimages/0.png,1,2,3,4,0.5\nimages/1.png,1,x,3,4,0.5\n`,
    );
  });

  const data = (): string[] => ['--data', at('set/val.json')];
  const detections = (name = 'good'): string[] => ['--detections', at(`${name}.csv`)];

  describe('of result files', () => {
    it('writes a report beside peers and prints a table, without any device', async () => {
      const before = process.env['AOFD_ADAPTER'];
      process.env['AOFD_ADAPTER'] = 'an adapter that nobody has';
      const got = await aofd(
        ...['eval', 'coco', ...data(), ...detections(), '--name', 'ours', '--bootstrap', '20'],
        ...['--peer', `poor=${at('poor.csv')}`, '--compare', at('poor.csv'), '--out', at('out')],
      );
      if (before === undefined) delete process.env['AOFD_ADAPTER'];
      else process.env['AOFD_ADAPTER'] = before;
      expect(got.err).to.include(`wrote ${at('out/report.html')}`);
      expect(got.code).to.equal(0);
      expect(got.out).to.match(/AP at IoU 0\.5, all faces +1\.0000 \[.*\] +0\.0000 \[/);
      expect(got.out).to.include('picture by picture');
      const html = fs.readFileSync(at('out/report.html'), 'utf8');
      expect(html).to.include('<h1>ours').and.include('SHA-256');
      expect(fs.existsSync(at('out/sheets/missed.png'))).to.equal(false); // ours missed none
      expect(fs.existsSync(at('out/cache'))).to.equal(false);
    });

    it('reads its own detections.csv again, with the same numbers', async () => {
      const again = ['--bootstrap', '0', '--json', '--name', 'same'];
      const first = await aofd(
        ...['eval', 'coco', ...data(), ...detections(), ...again, '--out', at('first')],
      );
      const second = await aofd(
        ...['eval', 'coco', ...data(), '--detections', at('first/detections.csv'), ...again],
        ...['--out', at('second')],
      );
      const [a, b] = [first, second].map(({ out }) => JSON.parse(out));
      expect(a.headlines).to.not.be.empty;
      expect(b.headlines).to.deep.equal(a.headlines);
      expect(b.tables).to.deep.equal(a.tables);
    });

    it('looks at a part only where asked, and says so', async () => {
      const got = await aofd(
        ...['eval', 'coco', ...data(), ...detections(), '--bootstrap', '0', '--json'],
        ...['--limit', '2', '--out', at('limited')],
      );
      expect(got.code, got.err).to.equal(0);
      expect(JSON.parse(got.out).set.images).to.equal(2);
      expect(JSON.parse(got.out).set.name).to.match(/^part of /);
      expect(JSON.parse(got.out).options).to.deep.include({ name: '--limit', value: '2' });
    });
  });

  describe('errors', () => {
    const cases: [string, () => string[], number, RegExp][] = [
      ['an unknown protocol', () => ['eval', 'coko'], 2, /unknown command 'coko'[^]*coco/],
      [
        'a missing option',
        () => ['eval', 'coco', ...data()],
        2,
        /required option '--out <folder>' not specified/,
      ],
      [
        'an unknown option',
        () => ['eval', 'coco', ...data(), '--out', at('e'), '--nonsense'],
        2,
        /unknown option '--nonsense'/,
      ],
      [
        'neither weights nor detections',
        () => ['eval', 'coco', ...data(), '--out', at('e')],
        2,
        /--weights FILE to run the detector, or --detections/,
      ],
      [
        'weights and detections',
        () => ['eval', 'coco', ...data(), ...detections(), '--weights', 'w', '--out', at('e')],
        2,
        /both given/,
      ],
      [
        'a data set that is not there',
        () => ['eval', 'coco', '--data', at('none'), ...detections(), '--out', at('e')],
        1,
        /none/,
      ],
      [
        'a malformed result file',
        () => ['eval', 'coco', ...data(), ...detections('broken'), '--out', at('e')],
        1,
        /broken\.csv:3: y1 is not a finite number \(got "x"\)/,
      ],
      [
        'a peer without a name',
        () => ['eval', 'coco', ...data(), ...detections(), '--peer', 'p.csv', '--out', at('e')],
        2,
        /"p\.csv" has no name/,
      ],
      [
        'weights that are not there',
        () => ['eval', 'coco', ...data(), '--weights', at('no.safetensors'), '--out', at('e')],
        1,
        /no\.safetensors/,
      ],
      [
        'a scale out of range',
        () => [
          'eval',
          'coco',
          ...data(),
          '--weights',
          'w',
          '--scales',
          '1',
          '99',
          '--out',
          at('e'),
        ],
        2,
        /99 is not a number from 0\.1 to 8/,
      ],
    ];
    for (const [title, args, code, pattern] of cases) {
      it(`tell of ${title}`, async () => {
        const got = await aofd(...args());
        expect(got.err).to.match(pattern);
        expect(got.code).to.equal(code);
        expect(fs.existsSync(at('e/report.html'))).to.equal(false);
      });
    }
  });

  it('explains a protocol with its own options', async () => {
    const got = await aofd('eval', 'coco', '--help');
    expect(got.code).to.equal(0);
    expect(got.out).to.include('--detections <files...>').and.include('--iou <');
  });

  describe('with a detector', () => {
    let images: EvalImage[];

    const run = (cache: string, more: Partial<RunSettings> = {}): Promise<DetectionSet | null> =>
      detectSetAsync(images, 'random', {
        weights,
        scoreFloor: 0.02,
        maxDetections: 20,
        needsMasks: true,
        cache: at(cache),
        version: '0.0.0',
        ...more,
      });

    const cacheFile = (cache: string): string => at(cache, fs.readdirSync(at(cache))[0] as string);

    before(() => {
      images = Array.from({ length: COUNT }, (_, i) => ({
        name: `images/${i}.png`,
        file: at('set/images', `${i}.png`),
      }));
    });

    it('finds the same whether it was interrupted or not, and looks at no picture twice', async () => {
      const whole = (await run('whole')) as DetectionSet;
      expect(whole.byImage.size).to.equal(COUNT);
      expect([...whole.byImage.values()].flat()).to.not.be.empty;
      const abort = new AbortController();
      const stopped = await run('resumed', {
        signal: abort.signal,
        onProgress: ({ done }) => done === 3 && abort.abort(),
      });
      expect(stopped).to.equal(null);
      // A power cut in the middle of the third line, and a line that a bad disk damaged.
      const file = cacheFile('resumed');
      const lines = fs.readFileSync(file, 'utf8').split('\n');
      expect(lines).to.have.length(5); // head, three pictures, end
      const torn = [lines[0], '{"hash":"', lines[1], lines[2]!.slice(0, 40)].join('\n');
      fs.writeFileSync(file, torn);
      const seen: number[] = [];
      const resumed = await run('resumed', { onProgress: (p) => seen.push(p.fromCache) });
      expect(seen).to.deep.equal([1, 1, 1, 1, 1, 1]);
      expect([...resumed!.byImage]).to.deep.equal([...whole.byImage]);
      expect(resumed!.warnings.join()).to.include('1 damaged lines');
      // Complete: no device is opened, so none needs to be there.
      const repeated = await run('resumed', { device: 'an adapter that nobody has' });
      expect([...repeated!.byImage]).to.deep.equal([...whole.byImage]);
    });

    it('keeps masks as runs that fill their rectangles', async () => {
      const { byImage } = (await run('whole')) as DetectionSet;
      for (const face of [...byImage.values()].flat()) {
        const { width, height, counts: runs } = face.mask!;
        const total = runs.reduce((sum, n) => sum + n, 0);
        const covered = runs.reduce((sum, n, i) => (i % 2 === 1 ? sum + n : sum), 0);
        expect(total).to.equal(width * height);
        expect(face.occlusion).to.be.closeTo(covered / total, 1e-6);
      }
    });

    it('asks anew for other settings and for changed pictures', async () => {
      let fromCache = -1;
      const onProgress: RunSettings['onProgress'] = (p) => (fromCache = p.fromCache);
      await run('whole', { onProgress });
      expect(fromCache).to.equal(COUNT);
      await run('whole', { onProgress, longSide: 64 });
      expect(fromCache).to.equal(0);
      await run('whole', { onProgress, scoreFloor: 0.3 });
      expect(fromCache).to.equal(0);
      const copy = at('changed.png');
      await sharp(images[0]!.file as string)
        .negate()
        .toFile(copy);
      images = [{ name: 'images/0.png', file: copy }, ...images.slice(1)];
      await run('whole', { onProgress });
      expect(fromCache).to.equal(COUNT - 1);
    });

    it('warns of pictures that are missing or damaged, and goes on', async () => {
      fs.writeFileSync(at('cut.png'), 'no picture');
      const set = [
        { name: 'a', file: images[1]!.file },
        { name: 'b', file: at('cut.png') },
        { name: 'c', file: null },
        { name: 'd', file: at('nowhere.png') },
      ];
      images = set;
      const got = (await run('damaged')) as DetectionSet;
      expect([...got.byImage.keys()]).to.deep.equal(['a']);
      expect(got.warnings.join('\n'))
        .to.match(/1 pictures of the set are not there \(first: c\)/)
        .and.match(/2 pictures could not be read[^]*cut\.png/);
      // Where the set tells of them, once is enough.
      const once = (await run('damaged', { tellsMissing: true })) as DetectionSet;
      expect(once.warnings.join('\n')).to.not.include('not there');
    });

    it('reports weights, adapter, scale, floor, NMS and limits', async () => {
      const got = await aofd(
        ...['eval', 'coco', ...data(), '--weights', weights, '--bootstrap', '0', '--json'],
        ...['--score-floor', '0.1', '--long-side', '64', '--scales', '1', '1.5', '--flip'],
        ...['--out', at('detected')],
      );
      expect(got.code, got.err).to.equal(0);
      expect(got.err).to.include(`${COUNT}/${COUNT} pictures`);
      const report = JSON.parse(got.out);
      const facts = new Map<string, string>(
        report.detector.facts.map(({ name, value }: { name: string; value: string }) => [
          name,
          value,
        ]),
      );
      expect(facts.get('weights SHA-256')).to.match(/^[0-9a-f]{64}$/);
      expect(facts.get('adapter')).to.be.a('string').and.not.equal('none');
      expect(facts.get('image scale')).to.equal(
        'long side 64 px, at 1, 1.5 times that, also mirrored',
      );
      expect(facts.get('score floor')).to.equal('0.1');
      for (const name of ['NMS', 'maximum detections', 'box convention']) {
        expect(facts.get(name), name).to.be.a('string');
      }
      expect(fs.readdirSync(at('detected/cache'))).to.have.length(1);
    });
  });
});

describe('parts of aofd eval', () => {
  it('peers are names with files', () => {
    expect(parsePeers(['a=x.txt', 'y.txt', 'b=dir/z=1.txt'])).to.deep.equal([
      { name: 'a', files: ['x.txt', 'y.txt'] },
      { name: 'b', files: ['dir/z=1.txt'] },
    ]);
    expect(() => parsePeers(['a=x', 'a=y'])).to.throw('given twice');
    expect(() => parsePeers(['a='])).to.throw('no file');
    expect(parseCompared(['b=x', 'y'])).to.deep.equal({ name: 'b', files: ['x', 'y'] });
    expect(() => parseCompared(['a=x', 'b=y'])).to.throw('names two detectors (a=x and b=y)');
    expect(parseCompared(['dir/x=1.txt'])).to.deep.equal({
      name: 'dir/x=1.txt',
      files: ['dir/x=1.txt'],
    });
  });

  it('progress is a line that is renewed on a terminal, and a line now and then elsewhere', () => {
    for (const isTTY of [true, false]) {
      let text = '';
      let now = 0;
      const out = { isTTY, columns: 20, write: (part: string) => (text += part) };
      const progress = new Progress(out, () => now);
      for (now = 0; now < 40; now += 10) progress.show(`at ${now} of a long way to go`);
      progress.show('done', true);
      progress.close();
      expect(text).to.equal(
        isTTY
          ? `${[0, 10, 20, 30].map((n) => `\r\u001b[2K${`at ${n} of a long way to go`.slice(0, 19)}`).join('')}\r\u001b[2Kdone\n`
          : 'at 0 of a long way to go\nat 20 of a long way to go\ndone\n',
      );
    }
  });

  it('a run is described with its rate and what is left', () => {
    expect(describeRun({ done: 10, total: 100, fromCache: 4, perSecond: 1.5 })).to.equal(
      '10/100 pictures, 4 from the cache, 1.50 per second, 1m00 left',
    );
    expect(describeRun({ done: 5, total: 5, fromCache: 0, perSecond: 0 })).to.equal('5/5 pictures');
    expect([3.2, 61, 3725].map(duration)).to.deep.equal(['3s', '1m01', '1h02']);
  });
});
