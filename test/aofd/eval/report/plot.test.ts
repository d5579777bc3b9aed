import { expect } from 'chai';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { barChart } from '../../../../src/aofd/eval/report/plot/bar-chart.js';
import {
  darkPlotCss,
  fitText,
  shortNumber,
  textWidth,
} from '../../../../src/aofd/eval/report/plot/theme.js';
import { lineChart } from '../../../../src/aofd/eval/report/plot/line-chart.js';
import { scatterChart } from '../../../../src/aofd/eval/report/plot/scatter-chart.js';
import { svgToPng } from '../../../../src/aofd/eval/report/plot/png.js';
import { placeOf, simplify, type Extent } from '../../../../src/aofd/eval/report/plot/simplify.js';
import type { LineChartSpec, Point } from '../../../../src/aofd/eval/report/plot/types.js';

const curve = (height: number): Point[] =>
  Array.from({ length: 500 }, (_, i) => [i, height * (1 - Math.exp(-i / 60))]);

const roc: LineChartSpec = {
  title: 'ROC <of> "all" & some',
  subtitle: 'discrete score',
  x: { label: 'false positives', min: 0, max: 500 },
  y: { label: 'true positive rate', min: 0, max: 1 },
  series: [
    ...Array.from({ length: 45 }, (_, i) => ({
      name: `method ${i}`,
      points: curve(0.5 + i / 100),
      role: 'published' as const,
    })),
    { name: 'ours', points: curve(0.98), note: '0.980' },
    { name: 'a peer', points: curve(0.9), role: 'peer' },
  ],
};

/** Pixels that are not white. */
function inked(png: PNG): number {
  let count = 0;
  for (let i = 0; i < png.data.length; i += 4) {
    if (png.data[i]! + png.data[i + 1]! + png.data[i + 2]! < 740) count++;
  }
  return count;
}

describe('plots', () => {
  it('draw curves with title, axes, names and one path for each', () => {
    const svg = lineChart(roc);
    expect(svg).to.match(/^<svg role="img" /);
    for (const text of ['false positives', 'true positive rate', 'ours', 'a peer', '0.980']) {
      expect(svg, text).to.include(`>${text}</text>`);
    }
    expect(svg).to.include('>published (45)</text>');
    expect(svg.match(/stroke="#b9c1cc"/g)).to.have.length(45 + 1); // and the one in the legend
    expect(svg).to.include('ROC &lt;of&gt; &quot;all&quot; &amp; some');
    expect(svg).to.not.match(/NaN|undefined|<of>/);
  });

  it('name published curves from the best down', () => {
    const svg = lineChart(roc);
    const places = [44, 43, 1, 0].map((i) => svg.indexOf(`>method ${i}<`));
    expect(places).to.deep.equal([...places].sort((a, b) => a - b));
    expect(places[0]).to.be.greaterThan(0);
  });

  it('give the same text each time, with ids of their own', () => {
    const first = lineChart({ ...roc, id: 'first' });
    barChart({ title: 'between', categories: ['a'], value: { label: 'v' }, series: [] });
    expect(lineChart({ ...roc, id: 'first' })).to.equal(first);
    expect(first).to.match(/url\(#first-c0\)/);
    expect(first).to.not.match(/zr\d|<style|class=/);
  });

  it('stay drawable without data, with one point, and where a log axis has no place', () => {
    const axes = { x: { label: 'x', scale: 'log' as const }, y: { label: 'y' } };
    for (const points of [[], [[1, 2]], [[0, 1]], [[NaN, 1]], [[-1, 3]]] as Point[][]) {
      const svg = lineChart({ title: 't', ...axes, series: [{ name: 's', points }] });
      expect(svg)
        .to.include('</svg>')
        .and.not.match(/NaN|Infinity/);
    }
  });

  it('have ends that the axes take, whatever the values', () => {
    for (let i = 0; i < 60; i++) {
      const value = (k: number): number => 1 + 0.7 * Math.abs(Math.sin(12.9 * (i + k)));
      const points = [
        [5, value(1)],
        [6, value(2)],
      ] as const;
      const axes = { x: { label: 'x' }, y: { label: 'y' } };
      const draw = (): string =>
        lineChart({ ...axes, title: 't', id: 't', series: [{ name: 'a', points }], width: 520 });
      expect(draw, `${value(1)}, ${value(2)}`).to.not.throw();
    }
  });

  it('draw bars with gaps, intervals and values', () => {
    for (const isHorizontal of [false, true]) {
      const svg = barChart({
        title: 'recall',
        categories: ['small', 'large'],
        value: { label: 'recall', min: 0, max: 1 },
        series: [
          { name: 'ours', values: [0.25, 0.75], intervals: [[0.2, 0.3], null] },
          { name: 'theirs', values: [null, 0.5], role: 'peer' },
        ],
        isHorizontal,
      });
      for (const text of ['small', 'large', '0.25', '0.75', '0.5']) {
        expect(svg, text).to.include(`>${text}</text>`);
      }
      expect(svg).to.not.include('NaN');
    }
  });

  it('put bars on top of each other', () => {
    const svg = barChart({
      title: 'time',
      categories: ['a'],
      value: { label: 'ms' },
      isStacked: true,
      series: [
        { name: 'conv', values: [60] },
        { name: 'rest', values: [60] },
      ],
    });
    expect(svg).to.include('>120</text>');
  });

  it('draw dots with labels over reference lines', () => {
    const svg = scatterChart({
      title: 'roofline',
      x: { label: 'FLOP/byte', scale: 'log', min: 0.1, max: 100 },
      y: { label: 'GFLOP/s', scale: 'log' },
      lines: [
        {
          name: 'ceiling',
          points: [
            [0.1, 1],
            [100, 100],
          ],
          isDashed: true,
        },
      ],
      series: [{ name: 'kernels', points: [{ x: 1, y: 5, label: 'conv' }] }],
    });
    for (const text of ['FLOP/byte', 'ceiling', 'kernels', 'conv']) {
      expect(svg, text).to.include(`>${text}</text>`);
    }
    expect(svg).to.include('stroke-dasharray');
  });

  it('become PNG pictures with text, on machines without fonts too', () => {
    const png = PNG.sync.read(Buffer.from(svgToPng(lineChart(roc), 1)));
    expect([png.width, png.height]).to.deep.equal([880, 500]);
    expect(inked(png)).to.be.greaterThan(9000);
    const blank = lineChart({ ...roc, title: ' ', series: [] });
    const titled = lineChart({ ...roc, title: 'WWWWWWWW', series: [] });
    const count = (svg: string): number => inked(PNG.sync.read(Buffer.from(svgToPng(svg, 1))));
    expect(count(titled)).to.be.greaterThan(count(blank) + 300);
  });

  it('have other colours on dark pages', () => {
    expect(darkPlotCss('figure')).to.include('figure svg [stroke="#0b62b0"]{stroke:#58a6f0}');
  });
});

describe('parts of plots', () => {
  const x: Extent = { min: 0, max: 100, pixels: 400 };
  const y: Extent = { min: 0, max: 1, pixels: 300 };

  it('simplified curves keep their ends and come within the tolerance of every point', () => {
    const points = fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(points, (given) => {
        const kept = simplify(given, x, y, 0.5);
        expect(kept[0]).to.equal(given[0]);
        expect(kept.at(-1)).to.equal(given.at(-1));
        for (const point of given) {
          const near = kept.slice(1).some((end, i) => distance(point, kept[i]!, end) <= 0.5 + 1e-9);
          expect(near || kept.length === 1).to.equal(true);
        }
      }),
    );
  });

  it('straight lines need two points', () => {
    const line = Array.from({ length: 100 }, (_, i): Point => [i, i / 100]);
    expect(simplify(line, x, y)).to.have.length(2);
  });

  it('text is measured, and cut where it does not fit', () => {
    expect(textWidth('iii', 10)).to.be.closeTo(8.34, 1e-9);
    expect(fitText('short', 10, 100)).to.equal('short');
    const cut = fitText('a rather long name', 10, 50);
    expect(cut).to.match(/…$/);
    expect(textWidth(cut, 10)).to.be.at.most(50);
  });

  it('numbers on axes are short', () => {
    const given = [0, 0.05, 1, 500, 2000, 10000, 25000, 1e6, 2.5e9, 1e-6];
    const text = ['0', '0.05', '1', '500', '2000', '10k', '25k', '1M', '2.5G', '1e-6'];
    expect(given.map(shortNumber)).to.deep.equal(text);
  });

  function distance(point: Point, a: Point, b: Point): number {
    const [px, py, ax, ay, bx, by] = [point, a, b].flatMap((p) => [
      placeOf(p[0], x),
      placeOf(p[1], y),
    ]) as [number, number, number, number, number, number];
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = length2 > 0 ? ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length2 : 0;
    const t = Math.max(0, Math.min(1, along));
    return Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
  }
});
