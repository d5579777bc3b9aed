import { expect } from 'chai';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { evaluateSet } from '../../../../src/aofd/eval/evaluate-set.js';
import type { DetectionSet, EvalSet, Evaluation } from '../../../../src/aofd/eval/protocol.js';
import type { EvaluateSettings } from '../../../../src/aofd/eval/statistics/measures.js';
import { formatNumber, formatP, type ReportInput } from '../../../../src/aofd/eval/report/model.js';
import { detectionsCsv, writeReportAsync } from '../../../../src/aofd/eval/report/write.js';
import { makeSheetsAsync } from '../../../../src/aofd/eval/report/sheet.js';
import { summaryLines } from '../../../../src/aofd/eval/report/summary.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

const settings: EvaluateSettings = { bootstrap: 100, level: 0.95, seed: 3 };

function detections(name: string, score: number): DetectionSet {
  return {
    name,
    byImage: new Map([
      ['a, b.png', [{ box: [10.5, 20, 40, 50], score }]],
      ['c.png', []],
    ]),
    facts: [{ name: 'detections', value: `${name}.csv` }],
    warnings: name === 'peer' ? ['3 boxes have no size.'] : [],
  };
}

/** A set whose evaluation is the first score. */
function fakeSet(folder: string): EvalSet {
  const images = ['a, b.png', 'c.png', 'gone.png'].map((name) => ({
    name,
    file: name === 'gone.png' ? null : path.join(folder, name),
  }));
  const evaluate = (given: DetectionSet, { onProgress }: EvaluateSettings): Evaluation => {
    onProgress?.(0.5);
    const value = given.byImage.get('a, b.png')?.[0]?.score ?? 0;
    const box = [10, 20, 40, 50] as const;
    return {
      headlines: [
        {
          key: 'ap',
          label: 'AP <all>',
          value,
          interval: { low: value - 0.1, high: value + 0.1, level: 0.95 },
        },
        { key: 'recall', label: 'recall', value: NaN },
      ],
      tables: [
        {
          title: 'By size',
          columns: ['size', 'faces'],
          rows: [
            ['small', 12],
            ['large', null],
          ],
        },
      ],
      plots: [
        {
          key: 'pr',
          title: 'Precision and recall',
          x: { label: 'recall', min: 0, max: 1 },
          y: { label: 'precision', min: 0, max: 1 },
          series: [
            {
              name: given.name,
              role: 'ours',
              points: [
                [0, 1],
                [value, 0.5],
              ],
            },
            { name: 'old method', role: 'published', points: [[0, 0.9]] },
          ],
        },
      ],
      facts: [{ name: 'matching', value: 'IoU >= 0.5' }],
      warnings: ['made up & small'],
      findings: [
        { kind: 'false-positive', image: 'a, b.png', box, score: 0.9, label: '0.900' },
        { kind: 'missed', image: 'a, b.png', box: [-5, -5, 30, 30], label: 'best IoU 0.2' },
        { kind: 'missed', image: 'gone.png', box, label: 'no picture' },
      ],
      files: [{ name: 'DiscROC.txt', content: '0.5 1\n' }],
    };
  };
  return {
    name: 'fake set',
    images,
    facts: [{ name: 'label file SHA-256', value: 'abc' }],
    warnings: [],
    readDetectionsAsync: () => Promise.reject(new Error('not used')),
    take: () => {
      throw new Error('not used');
    },
    evaluate,
    measures: () => [],
    compare: () => [
      {
        key: 'ap',
        label: 'AP <all>',
        a: 0.8,
        b: 0.6,
        difference: 0.2,
        interval: { low: 0.1, high: 0.3, level: 0.95 },
        p: 0.00005,
      },
    ],
  };
}

describe('evaluation report', () => {
  const inFolder = useSuiteFolder();
  let report: ReportInput;
  const shares: number[] = [];

  before(async () => {
    for (const name of ['a, b.png', 'c.png']) {
      await sharp({ create: { width: 80, height: 60, channels: 3, background: '#a08060' } })
        .png()
        .toFile(inFolder(name));
    }
    report = evaluateSet({
      protocol: { name: 'coco', summary: 'made up for a test' },
      set: fakeSet(inFolder()),
      detections: detections('ours', 0.8),
      peers: [detections('peer', 0.6)],
      against: detections('other', 0.6),
      settings: { ...settings, onProgress: (share) => shares.push(share) },
      options: [{ name: '--iou', value: '0.5' }],
    });
  });

  const write = (out: string): Promise<string[]> =>
    writeReportAsync(inFolder(out), report, {
      images: fakeSet(inFolder()).images,
      detections: detections('ours', 0.8),
      created: new Date('2026-01-02T03:04:05Z'),
    });

  it('evaluates the peers with the same code and reports progress over all', () => {
    expect(report.peers[0]?.evaluation.headlines[0]?.value).to.equal(0.6);
    expect(report.paired?.other.name).to.equal('other');
    expect(shares).to.deep.equal([0.5 / 3, 1.5 / 3]);
  });

  it('writes page, numbers, plots, sheets, detections and the files of the protocol', async () => {
    const names = await write('out');
    expect(names[0]).to.equal('report.html');
    const there = (fs.readdirSync(inFolder('out'), { recursive: true }) as string[])
      .filter((name) => fs.statSync(inFolder('out', name)).isFile())
      .sort();
    expect(there).to.deep.equal([...names].sort());
    expect(there).to.include.members([
      'DiscROC.txt',
      'detections.csv',
      path.join('plots', 'headlines.svg'),
      path.join('plots', 'pr.png'),
      path.join('plots', 'pr.svg'),
      path.join('sheets', 'false-positives.png'),
      path.join('sheets', 'missed.png'),
    ]);
    const svg = fs.readFileSync(inFolder('out/plots/pr.svg'), 'utf8');
    for (const name of ['ours', 'peer']) expect(svg).to.include(`>${name}</text>`);
    expect(svg).to.include('published (1)');
  });

  it('is one page without scripts or anything from outside', async () => {
    await write('page');
    const html = fs.readFileSync(inFolder('page/report.html'), 'utf8');
    for (const text of [
      'AP &lt;all&gt;',
      '0.8000',
      '0.7000 – 0.9000',
      'made up &amp; small',
      'peer: 3 boxes have no size.',
      'IoU &gt;= 0.5',
      'label file SHA-256',
      '95 % percentile bootstrap, 100 samples of pictures, seed 3',
      '+0.2000',
      '&lt; 0.0001',
      'Missed faces',
      'data:image/jpeg;base64,',
      'prefers-color-scheme: dark',
    ]) {
      expect(html, text).to.include(text);
    }
    expect(html).to.not.match(/<script|<link|src="(?!data:)|href="|url\((?!#)|NaN|undefined/);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('gives the same bytes for the same evaluation', async () => {
    const names = await write('once');
    await write('twice');
    for (const name of names) {
      const [a, b] = ['once', 'twice'].map((out) => fs.readFileSync(inFolder(out, name)));
      expect(a!.equals(b!), name).to.equal(true);
    }
  });

  it('has numbers under stable keys', async () => {
    await write('json');
    const json = JSON.parse(fs.readFileSync(inFolder('json/report.json'), 'utf8'));
    expect(json.format).to.equal('aofd-eval/1');
    expect(json.created).to.equal('2026-01-02T03:04:05.000Z');
    expect(json.headlines[0]).to.deep.include({ key: 'ap', value: 0.8 });
    expect(json.headlines[1].value).to.equal(null);
    expect(json.peers[0].headlines[0].value).to.equal(0.6);
    expect(json.paired.differences[0].p).to.equal(0.00005);
    expect(json.files).to.include('report.json');
  });

  it('shows crops with the box, also where it leaves the picture', async () => {
    const { findings } = report.evaluation;
    const sheets = await makeSheetsAsync(findings, fakeSet(inFolder()).images, { tile: 100 });
    expect(sheets.map(({ kind, count }) => [kind, count])).to.deep.equal([
      ['false-positive', 1],
      ['missed', 1], // the picture of the other is not there
    ]);
    const png = PNG.sync.read(Buffer.from(sheets[0]!.png));
    expect([png.width, png.height]).to.deep.equal([120, 166]);
    // 30 px wide at 2.6 times that in 100 px: the frame is 31 px left of the middle of the crop.
    const at = (x: number, y: number): number[] => [
      ...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 3),
    ];
    expect(at(60, 60)).to.deep.equal([0xa0, 0x80, 0x60]);
    expect(at(60, 40)).to.deep.equal([255, 120, 64]);
  });

  it('prints a table for terminals', () => {
    const lines = summaryLines(report);
    expect(lines[0]).to.equal('fake set: 3 pictures');
    expect(lines).to.include('AP <all>  0.8000 [0.7000, 0.9000]  0.6000 [0.5000, 0.7000]');
    expect(lines.join('\n')).to.include('p < 0.0001').and.include('note: made up & small');
  });

  it('keeps detections as csv', () => {
    expect(detectionsCsv(detections('ours', 0.8))).to.equal(
      'image,x1,y1,x2,y2,score\n"a, b.png",10.5,20,40,50,0.8\n',
    );
  });

  it('prints numbers with what they mean', () => {
    expect([0, 1, 0.12345, 12, 1.5, NaN, null].map((value) => formatNumber(value))).to.deep.equal([
      '0.0000',
      '1.0000',
      '0.1235',
      '12',
      '1.5000',
      '–',
      '–',
    ]);
    expect([0.5, 0.0123, 0.0005, 0, NaN].map(formatP)).to.deep.equal([
      '0.500',
      '0.012',
      '0.0005',
      '< 0.0001',
      '–',
    ]);
  });
});
