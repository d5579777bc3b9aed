/** The benchmark's arithmetic: statistics, references, comparison, README table. No timing. */
import { expect } from 'chai';
import { compareReports } from '../../bench/report/compare.js';
import { deviation, randomData, samplePlaces } from '../../bench/cases/data.js';
import { measureCaseAsync, type Prepared } from '../../bench/measure/measure.js';
import { BEGIN, END, insertTable, markRows } from '../../bench/report/readme.js';
import * as reference from '../../bench/cases/reference.js';
import { reportPlots } from '../../bench/report/plots.js';
import { vggFlops, vggLayers } from '../../bench/cases/shapes.js';
import * as stats from '../../bench/measure/stats.js';
import { gradientDeviation, paperStep } from '../../bench/cases/stack.js';
import { layerSumMs, stepFigures } from '../../bench/cases/stack-sum.js';
import { busyMs, clockAsync, othersShare } from '../../bench/measure/clock.js';
import { bestOf, peakShare, ratioTo, rooflineShare } from '../../bench/report/summary.js';
import { alignRows, formatReport, short } from '../../bench/report/table.js';
import type { CaseResult, EntryResult, Maker, Report } from '../../bench/measure/types.js';
import { conv2d, conv2dBackward } from '../../src/nn/twins/conv.js';
import { linear, linearBackward } from '../../src/nn/twins/linear.js';
import { nd } from '../../src/nn/twins/nd.js';
import { maxPool2d } from '../../src/nn/twins/pool.js';
import { upsampleBilinear } from '../../src/nn/twins/upsample.js';
import { softmaxTwin } from '../../src/nn/twins/softmax.js';

const rounds = (...ms: number[]) => ms.map((wallMs) => ({ wallMs, cpuMs: wallMs / 2 }));

function entry(maker: Maker, variant: string, ...ms: number[]): EntryResult {
  return { maker, variant, timing: stats.timingOf(rounds(...ms), null), error: 0 };
}

function conv(name: string, entries: EntryResult[], flops = 2e9): CaseResult {
  const work = { kind: 'conv', pass: 'forward', c: 64, o: 64, h: 64, w: 64 } as const;
  return { group: 'conv', name, shape: '64->64', work, flops, bytes: 1e6, entries };
}

/** Peak: 0.1 GFLOP in 1 ms of processor time. */
function report(cases: CaseResult[], more: Partial<Report> = {}): Report {
  return {
    format: 'aofd-bench/1',
    environment: {
      date: '2026-01-02T03:04:05.000Z',
      program: '0.1.0',
      commit: 'abc',
      adapter: { name: 'llvmpipe', driver: 'Mesa', kind: 'lavapipe', lanes: 8 },
      versions: {},
      system: 'Linux',
      processor: 'x86',
      cores: 2,
      memoryGb: 8,
      load: { start: 0, end: 0 },
    },
    protocol: {
      ...{ mode: 'full', repeats: 3, only: null, seed: 1, peers: false, errorBound: 1e-4 },
      ...{ rules: [], durationMs: 1 },
    },
    ceilings: { peakGflops: 100, bandwidthGbs: 10, probeFlops: 1e8 },
    figures: [],
    cases,
    ...more,
  };
}

describe('bench: statistics', () => {
  it('interpolates quantiles', () => {
    expect(stats.quantile([4, 1, 3, 2], 0.5)).to.equal(2.5);
    expect(stats.quantile([1, 2, 3, 4, 5], 0.25)).to.equal(2);
    expect(stats.quantile([7], 0.9)).to.equal(7);
    expect(stats.quantile([], 0.5)).to.be.NaN;
  });

  it('pairs rounds, so that a machine that slows down changes no ratio', () => {
    const ours = stats.timingOf(rounds(1, 2, 4, 8), null);
    const theirs = stats.timingOf(rounds(3, 6, 12, 24), null);
    expect(stats.pairedRatio(ours, theirs)).to.deep.equal({ median: 3, low: 3, high: 3, count: 4 });
    expect(stats.pairedRatio(theirs, ours).median).to.be.closeTo(1 / 3, 1e-12);
  });

  it('compares a contestant of one round by medians', () => {
    const ours = stats.timingOf(rounds(1, 2, 3, 4, 5), null);
    const theirs = stats.timingOf(rounds(30), null);
    expect(stats.pairedRatio(ours, theirs)).to.deep.equal({
      ...{ median: 10, low: 7.5, high: 15, count: 1 },
    });
  });

  it('takes the roofline from whichever of arithmetic and memory takes longer', () => {
    const ceilings = { peakGflops: 100, bandwidthGbs: 10 };
    expect(stats.rooflineMs({ flops: 1e9, bytes: 1e6 }, ceilings)).to.be.closeTo(10, 1e-9);
    expect(stats.rooflineMs({ flops: 1e6, bytes: 1e9 }, ceilings)).to.be.closeTo(100, 1e-9);
  });

  it('averages ratios geometrically, and knows spreads', () => {
    expect(stats.geometricMean([1, 4])).to.be.closeTo(2, 1e-12);
    expect(stats.relativeSpread(stats.spreadOf([1, 2, 3]))).to.equal(0.5);
    expect(stats.relativeSpread(stats.spreadOf([1]))).to.equal(0);
  });
});

describe('bench: data and references', () => {
  const values = (n: number, seed: number): Float32Array => randomData(n, seed);

  it('repeats the same numbers for the same seed', () => {
    expect(values(100, 3)).to.deep.equal(values(100, 3));
    expect(values(100, 3)).not.to.deep.equal(values(100, 4));
    expect(Math.max(...values(1000, 1).map(Math.abs))).to.be.at.most(1);
    expect(samplePlaces(1000, 20, 1))
      .to.include.members([0, 999])
      .and.to.have.length(20);
    expect(samplePlaces(3, 20, 1)).to.deep.equal([0, 1, 2]);
  });

  it('measures deviations against the size of the outputs', () => {
    expect(deviation([2, 2], [2, 2])).to.equal(0);
    expect(deviation([2, 2.2], [2, 2])).to.be.closeTo(0.1, 1e-12);
    expect(deviation([Number.NaN], [1])).to.equal(1);
  });

  it('convolutions agree with the CPU twin, forward and both gradients', () => {
    const s = { c: 3, o: 2, h: 5, w: 4 };
    const x = nd([1, s.c, s.h, s.w], values(60, 1));
    const weight = nd([s.o, s.c, 3, 3], values(54, 2));
    const bias = nd([s.o], values(2, 3));
    const dY = nd([1, s.o, s.h, s.w], values(40, 4));
    const forward = conv2d(x, weight, bias, { pad: 1, relu: true }).data;
    const grads = conv2dBackward(x, weight, null, { pad: 1 }, dY);
    forward.forEach((v, i) =>
      expect(reference.convAt(x.data, weight.data, bias.data, s, i, true)).to.be.closeTo(v, 1e-12),
    );
    grads.x.data.forEach((v, i) =>
      expect(reference.convInputGradientAt(dY.data, weight.data, s, i)).to.be.closeTo(v, 1e-12),
    );
    grads.weight.data.forEach((v, i) =>
      expect(reference.convWeightGradientAt(x.data, dY.data, s, i)).to.be.closeTo(v, 1e-12),
    );
  });

  it('linear layers, pools, softmax and upsampling agree with theirs', () => {
    const s = { rows: 3, inputs: 5, outputs: 4 };
    const x = nd([3, 5], values(15, 1));
    const weight = nd([4, 5], values(20, 2));
    const dY = nd([3, 4], values(12, 3));
    const all = { x: x.data, weight: weight.data, dY: dY.data };
    const grads = linearBackward(x, weight, null, false, dY);
    for (const [pass, twin] of [
      ['forward', linear(x, weight, null)],
      ['inputGradient', grads.x],
      ['weightGradient', grads.weight],
    ] as const) {
      twin.data.forEach((v, i) =>
        expect(reference.linearAt(pass, all, s, i), pass).to.be.closeTo(v, 1e-12),
      );
    }
    const map = nd([1, 2, 4, 6], values(48, 5));
    maxPool2d(map, true).data.forEach((v, i) =>
      expect(reference.maxPoolAt(map.data, 4, 6, i)).to.equal(v),
    );
    upsampleBilinear(map, 2, [8, 12]).data.forEach((v, i) =>
      expect(reference.upsample2At(map.data, 4, 6, i)).to.be.closeTo(v, 1e-12),
    );
    softmaxTwin(x).data.forEach((v, i) =>
      expect(reference.softmaxAt(x.data, 5, i)).to.be.closeTo(v, 1e-12),
    );
  });

  it('knows the 160.4 GFLOP of VGG16 at 512x512', () => {
    expect(vggLayers().map((l) => l.name))
      .to.have.length(13)
      .and.include('conv5_3');
    expect(vggFlops(512) / 1e9).to.be.closeTo(160.4, 0.1);
  });
});

describe('bench: measuring', () => {
  const options = {
    ...{ repeats: 4, cores: 2, errorBound: 1e-3, slowMs: 1e4, minSampleMs: 0, probe: null },
  };
  const idle = (log: string[], name: string, more: Partial<Prepared> = {}) => ({
    maker: 'aofd' as const,
    variant: name,
    prepareAsync: () =>
      Promise.resolve({
        runAsync: () => Promise.resolve(void log.push(name)),
        disposeAsync: () => Promise.resolve(void log.push(`free ${name}`)),
        ...more,
      }),
  });

  it('checks before it times, then lets contestants take turns, and frees all', async () => {
    const log: string[] = [];
    const check = { checkAsync: () => Promise.resolve(Number(log.push('check')) * 0) };
    const bench = { ...conv('case', []), contestants: [idle(log, 'a', check), idle(log, 'b')] };
    const result = await measureCaseAsync(bench, options);
    expect(log.slice(0, 5)).to.deep.equal(['a', 'check', 'a', 'b', 'b']);
    expect(log.slice(5, -2).join('')).to.equal('abababab');
    expect(log.slice(-2)).to.deep.equal(['free a', 'free b']);
    expect(result.entries.map((e) => e.timing?.rounds.length)).to.deep.equal([4, 4]);
  });

  it('has bounds and notes of its own for a case and a contestant', async () => {
    const check = { checkAsync: () => Promise.resolve(0.05) };
    const contestant = { ...idle([], 'step', check), note: 'more than the stack', flops: 0 };
    const bench = { ...conv('case', []), contestants: [contestant], errorBound: 0.1 };
    const measured = await measureCaseAsync(bench, options);
    expect(measured).not.to.have.property('errorBound');
    expect(measured.entries[0]).to.include({ note: 'more than the stack', flops: 0, error: 0.05 });
    expect(peakShare(report([measured]), measured, measured.entries[0]!)).to.equal(undefined);
    expect(bestOf(measured, 'wallMs')).to.equal(undefined);
  });

  it('takes what other programs disturbed again', () => {
    expect(othersShare({ wallMs: 200, cpuMs: 1, othersMs: 50 })).to.equal(0.25);
    expect(othersShare({ wallMs: 20, cpuMs: 1, othersMs: 10 }), 'too short to tell').to.equal(0);
    expect(othersShare({ wallMs: 200, cpuMs: 1 })).to.equal(0);
  });

  it('counts processor time of this process and of others', async () => {
    const before = busyMs();
    const { wallMs, cpuMs, othersMs } = await clockAsync(async () => {
      const end = performance.now() + 50;
      while (performance.now() < end);
      await Promise.resolve();
    }, 1);
    expect(wallMs).to.be.at.least(50);
    expect(cpuMs).to.be.greaterThan(5);
    if (before === null) expect(othersMs).to.equal(undefined);
    else expect(othersMs).to.be.at.least(0);
  });

  it('reports wrong results and failures instead of hiding them', async () => {
    const wrong = idle([], 'wrong', { checkAsync: () => Promise.resolve(0.5) });
    const broken = {
      ...idle([], 'broken'),
      prepareAsync: () => Promise.reject(new Error('no memory')),
    };
    const bench = { ...conv('case', []), contestants: [wrong, broken] };
    const [first, second] = (await measureCaseAsync(bench, options)).entries;
    expect(first?.note).to.equal('failed: deviates by 0.5');
    expect(first?.timing).to.equal(null);
    expect(second).to.include({ timing: null, note: 'failed: no memory' });
  });
});

describe('bench: summary, comparison, output', () => {
  const probe = entry('ceiling', 'fma', 2, 2, 4);
  const planned = entry('aofd', 'planned', 20, 20, 40);
  const direct = entry('aofd', 'direct', 30, 30, 60);
  const peer = entry('tfjs-webgpu', '', 200, 200, 400);
  const result = conv('conv3_2 forward', [planned, direct, peer, probe]);

  it('pairs shares with the peak of each round', () => {
    // 2 GFLOP in 10 ms against 0.1 GFLOP in 1 ms.
    expect(peakShare(report([result]), result, planned)?.median).to.be.closeTo(2, 1e-12);
    const alone = conv('x', [planned]);
    expect(peakShare(report([alone]), alone, planned)?.median).to.be.closeTo(2, 1e-12);
    expect(rooflineShare(report([result]), result, planned)).to.be.closeTo(2, 1e-12);
    expect(ratioTo(result, 'tfjs-webgpu')?.median).to.equal(10);
    expect(bestOf(result, 'wallMs')?.variant).to.equal('planned');
  });

  it('flags what became slower relative to the peak, beyond noise', () => {
    const steady = (factor: number, peak: number): Report =>
      report([
        conv('a', [
          entry('aofd', 'planned', ...[10, 10.1, 10].map((t) => t * factor)),
          entry('ceiling', 'fma', peak, peak, peak),
        ]),
      ]);
    const verdict = (a: Report, b: Report) => compareReports(a, b).changes[0]?.verdict;
    expect(verdict(steady(1, 1), steady(1.3, 1))).to.equal('slower');
    expect(verdict(steady(1, 1), steady(0.7, 1))).to.equal('faster');
    expect(verdict(steady(1, 1), steady(1.05, 1))).to.equal('same');
    // Half as fast a machine: everything takes twice as long, and nothing is slower.
    expect(verdict(steady(1, 1), steady(2, 2))).to.equal('same');
    const noisy = report([conv('a', [entry('aofd', 'planned', 6, 10, 20)])]);
    expect(verdict(noisy, report([conv('a', [entry('aofd', 'planned', 8, 13, 25)])]))).to.equal(
      'same',
    );
  });

  it('names cases that are missing, and other adapters', () => {
    const other = report([]);
    other.environment = {
      ...other.environment,
      adapter: { ...other.environment.adapter, name: 'RTX' },
    };
    const { missing, warnings } = compareReports(report([result]), other);
    expect(missing).to.have.length(2);
    expect(warnings.join()).to.include('llvmpipe').and.include('RTX');
  });

  it('compares what both reports have, and no others, when names change', () => {
    const stack = (name: string, ...entries: EntryResult[]): CaseResult => ({
      ...conv(name, entries),
      ...{ group: 'stack', work: { kind: 'stack', pass: 'training', side: 512 } },
    });
    const old = report([conv('a', [planned]), stack('stack', planned, peer)]);
    const now = report([
      conv('b', [planned]),
      stack('stack', planned, { ...direct, variant: paperStep, flops: 0 }, peer),
    ]);
    const { changes, missing } = compareReports(old, now);
    expect(changes.map((c) => `${c.case} ${c.variant} ${c.verdict}`)).to.deep.equal([
      'stack planned same',
    ]);
    expect(missing).to.deep.equal(['conv/a/64->64/planned']);
  });

  describe('a step of paper against a stack', () => {
    const stack = (...entries: EntryResult[]): CaseResult => ({
      ...conv('stack', entries),
      ...{ group: 'stack', work: { kind: 'stack', pass: 'training', side: 512 } },
    });
    const step = { ...entry('aofd', paperStep, 10, 10, 10), flops: 0 };
    const whole = entry('tfjs-webgpu', '', 200);
    /** Every layer 1 ms a pass. */
    const layers = vggLayers().flatMap(({ name, inChannels: c, outChannels: o, stride }) =>
      (['forward', 'inputGradient', 'weightGradient'] as const).map((pass): CaseResult => ({
        ...conv(`${name} ${pass}`, [entry('tfjs-webgpu', '', 1)]),
        work: { kind: 'conv', pass, c, o, h: 512 / stride, w: 512 / stride },
      })),
    );

    it('sums forward of all layers, dW from conv3_1 and dX from conv3_2 on', () => {
      expect(layerSumMs(report(layers), 'tfjs-webgpu', 512)).to.equal(13 + 9 + 8);
      expect(layerSumMs(report(layers.slice(1)), 'tfjs-webgpu', 512)).to.equal(null);
      expect(layerSumMs(report(layers), 'tfjs-webgpu', 256)).to.equal(null);
    });

    it('goes by their whole run where there is one, else by the sum', () => {
      const [figure] = stepFigures(report([stack(step, whole), ...layers]));
      expect(figure?.value).to.equal(20);
      expect(figure?.note).to.include('measured as a whole').and.include('are 15 %');
      const [summed] = stepFigures(report([stack(step), ...layers]));
      expect(summed?.value).to.equal(3);
      expect(summed?.note).to.include('as a sum over the layers');
      expect(stepFigures(report([stack(step)]))).to.deep.equal([]);
      expect(stepFigures(report([stack(planned, whole)]))).to.deep.equal([]);
    });
  });

  it('holds gradients against each other as vectors, the worst layer', () => {
    expect(gradientDeviation([[3, 4]], [[3, 4]])).to.equal(0);
    expect(gradientDeviation([[1], [3, 4.5]], [[1], [3, 4]])).to.be.closeTo(0.1, 1e-12);
    expect(gradientDeviation([[1]], [[1], [2]]), 'a layer is missing').to.equal(1);
    expect(gradientDeviation([[Number.NaN]], [[1]])).to.equal(1);
  });

  it('draws the table of the README between its markers and nowhere else', () => {
    const figure = { group: 'detect', name: 'steady', value: 8.6789, unit: 'images/s' };
    const full = report([result], { figures: [figure] });
    const text = insertTable(`before\n${BEGIN}\nold\n${END}\nafter`, full);
    expect(text)
      .to.match(/^before\n/)
      .and.match(/\nafter$/);
    expect(text).not.to.include('old');
    expect(text).to.include('| steady | 8.68 images/s |');
    expect(text).to.include('planned, against tfjs WebGPU, same adapter | 10x');
    expect(insertTable(text, full)).to.equal(text);
    expect(() => insertTable('nothing', full)).to.throw('Fix: add both lines');
    expect(markRows(report([]))).to.deep.equal([]);
  });

  it('prints aligned text and draws plots of what is there', () => {
    expect(
      alignRows([
        ['a', '1'],
        ['bbb', '22'],
      ]),
    ).to.equal('a     1\nbbb  22');
    expect([short(1234.5), short(0.12345), short(0.00001), short(Number.NaN)]).to.deep.equal([
      ...['1235', '0.123', '1.0e-5', '-'],
    ]);
    expect(formatReport(report([result])))
      .to.include('conv3_2 forward')
      .and.include('ours 10x');
    expect([...reportPlots(report([result])).keys()]).to.deep.equal([
      ...['roofline', 'peak-shares', 'against-tfjs-webgpu'],
    ]);
    expect([...reportPlots(report([])).keys()]).to.deep.equal([]);
  });
});
