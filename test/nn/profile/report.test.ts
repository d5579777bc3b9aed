import { expect } from 'chai';
import { flopsOf } from '../../../src/nn/kernel/cost.js';
import { peakFlops } from '../../../src/nn/profile/peak.js';
import { formatProfile } from '../../../src/nn/profile/profile-table.js';
import { lanesOf, traceOf } from '../../../src/nn/profile/trace.js';
import type { Profile } from '../../../src/nn/profile/profile.js';

const event = { kind: 'kernel' as const, flops: 2e9, bytes: 1e6 };
const kernelRow = { kernel: 'conv/lane_conv', count: 2, totalMs: 40, flops: 4e9, bytes: 2e6 };
const profile: Profile = {
  adapter: 'paper GPU',
  method: 'timestamps',
  peakFlops: 200e9,
  wallMs: 100,
  deviceMs: 50,
  kernels: [
    { name: 'conv lanes forward', ...kernelRow },
    { name: 'copy to texture', kernel: 'copy', count: 1, totalMs: 10, flops: 0, bytes: 1e8 },
  ],
  layers: [{ name: 'stem', ...kernelRow }],
  readbacks: [{ cause: 'rpn scores', count: 3, bytes: 12 }],
  uploads: { count: 2, staged: 1, bytes: 2 ** 20, totalMs: 1 },
  submits: 4,
  pipelines: [{ kernel: 'conv/lane_conv', startMs: 0, createMs: 5, firstLaunchMs: 95, lane: 0 }],
  host: [{ kind: 'wait', name: 'read rpn scores', count: 3, totalMs: 30 }],
  events: [
    { ...event, kernel: 'a', label: 'one', layer: 'stem', startMs: 1, endMs: 21 },
    { ...event, kernel: 'a', label: 'two', layer: 'stem', startMs: 22, endMs: 42 },
    { ...event, kernel: 'copy', label: 'copy', layer: 'next', startMs: 42, endMs: 52 },
  ],
  spans: [
    { kind: 'phase', name: 'proposals', startMs: 0, endMs: 5 },
    { kind: 'wait', name: 'read a', startMs: 0, endMs: 9 },
    { kind: 'wait', name: 'read b', startMs: 3, endMs: 8 },
  ],
  counters: [{ atMs: 7, liveBytes: 2 ** 20, pooledBytes: 0, commands: 96 }],
  droppedEvents: 0,
};

describe('profile reports', () => {
  it('give times, shares, rates and the share of the peak', () => {
    const text = formatProfile(profile);
    expect(text).to.match(/device busy 50\.0 ms \(50 %\), 4 submits/);
    // 4e9 operations in 40 ms: 100 GFLOPS, half of the peak.
    expect(text).to.match(/conv lanes forward +2 +40\.0 +80\.0 +100\.0 +0\.50 +0\.1\n/);
    expect(text).to.match(/copy to texture +1 +10\.0 +20\.0 +- +- +10\.0\n/);
    expect(text).to.include('readbacks: 3 (rpn scores 3)');
    expect(text).to.include('pipelines: 1 made in 100.0 ms; slowest: conv/lane_conv 100 ms');
  });

  it('say where times are coarse, and sum up what does not fit', () => {
    const rows = Array.from({ length: 5 }, (_, i) => ({ ...kernelRow, name: `k${i}` }));
    const text = formatProfile({ ...profile, method: 'wall', kernels: rows }, 2);
    expect(text).to.include('no timestamps): coarse');
    expect(text).to.match(/3 more +6 +120\.0/);
  });

  it('become traces with kernels inside of their layers', () => {
    const { traceEvents } = traceOf(profile);
    const slices = traceEvents.filter(({ ph, pid }) => ph === 'X' && pid === 2);
    expect(slices.map(({ name, ts, dur }) => [name, ts, dur])).to.deep.equal([
      ['stem', 1000, 41000],
      ['one', 1000, 20000],
      ['two', 22000, 20000],
      ['next', 42000, 10000],
      ['copy', 42000, 10000],
    ]);
    expect(slices[1]?.args).to.include({ gflops: 100 });
    const hostNames = traceEvents
      .filter((e) => e.name === 'thread_name')
      .map((e) => e.args?.['name']);
    expect(hostNames).to.include('waiting for the device 2');
    expect(traceEvents.filter(({ ph }) => ph === 'C')).to.have.length(2);
    expect(() => JSON.stringify(traceEvents)).to.not.throw();
  });

  it('spread spans that overlap over lanes', () => {
    const span = (startMs: number, endMs: number) => ({ startMs, endMs });
    const lanes = lanesOf([span(4, 6), span(0, 4), span(3, 5), span(6, 7)]);
    expect(lanes).to.deep.equal([[span(0, 4), span(4, 6), span(6, 7)], [span(3, 5)]]);
  });
});

describe('operation counts', () => {
  it('know products and convolutions by their parameters', () => {
    expect(flopsOf('gemm/naive_gemm', {}, { rows: 2, cols: 3, k: 5 })).to.equal(60);
    expect(
      flopsOf('gemm/lane_gemm', { LANES: 8 }, { rows: 64, cols: 32, k4: 4, layers: 36 }),
    ).to.equal(2 * 64 * 32 * 16 * 36);
    const conv = { batch: 2, grid_h: 6, grid_w: 5, quads_in: 3, taps: 9, channels_out: 10 };
    // Quads 1 and 2 of 10 channels: channels 4 to 9.
    expect(flopsOf('conv/lane_conv', {}, { ...conv, quad_from: 1, quad_to: 3 })).to.equal(
      2 * 2 * 30 * 6 * 12 * 9,
    );
    expect(peakFlops(1, 1)).to.equal(64 * 16 * 8 * 2);
  });

  it('are 0 for kernels that nobody counts and for missing parameters', () => {
    expect(flopsOf('pool/max_pool', {}, { n: 5 })).to.equal(0);
    expect(flopsOf('gemm/naive_gemm', {}, { rows: 2 })).to.equal(0);
  });
});
