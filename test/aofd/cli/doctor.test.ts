import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DoctorReport } from '../../../src/aofd/cli/doctor/report.js';
import { speedFiguresAsync } from '../../../src/aofd/cli/doctor/speed.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { differenceOf, formatRows, selfTestAsync } from '../../../src/nn/check/index.js';
import { nd } from '../../../src/nn/twins/nd.js';
import { debugLevelOf, numbered, setDebugSink, debugKernel } from '../../../src/nn/gpu/debug.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights } from '../../helpers/random-weights.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

function doctor(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, ['--import=tsx', 'src/aofd/cli/main.ts', 'doctor', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, DEBUG: '', ...env },
  });
}

describe('aofd doctor', () => {
  const at = useSuiteFolder();

  it('reports adapter, limits, features and findings as JSON, and dumps kernels', () => {
    const dump = at('kernels');
    const got = doctor(['--json', '--no-self-test', '--dump-kernels', dump], {
      AOFD_ADPATER: 'x',
    });
    expect(got.status).to.equal(0);
    const report = JSON.parse(got.stdout) as DoctorReport;
    expect(report.passed).to.equal(true);
    expect(report.adapter?.name).to.be.a('string').and.not.equal('');
    expect(report.limits['maxStorageBufferBindingSize']).to.be.at.least(2 ** 27);
    expect(report.features).to.have.all.keys('subgroups', 'shader-f16', 'timestamp-query');
    expect(report.selfTest).to.equal(null);
    expect(report.speed).to.equal(null);
    expect(report.findings.map((finding) => finding.text).join('\n')).to.include('AOFD_ADPATER');
    if (report.features['subgroups']) {
      expect(fs.readFileSync(path.join(dump, 'probe-lane.wgsl'), 'utf8')).to.include('@compute');
    }
  });

  it('says what to do when there is no such adapter, with exit code 1', () => {
    const got = doctor(['--device', 'no-such-adapter', '--no-self-test']);
    expect(got.status).to.equal(1);
    expect(got.stdout).to.include('problem').and.include('no-such-adapter').and.include('Fix: ');
    expect(got.stdout + got.stderr).not.to.include('    at ');
  });

  it('finds every kernel of the self-test right on this adapter', async () => {
    const device = await testDeviceAsync();
    const before = device.stats().liveTensors;
    const rows = await selfTestAsync(device, 60000);
    expect(rows.filter((row) => !row.passed)).to.deep.equal([]);
    expect(rows.length).to.be.greaterThan(20);
    expect(device.stats().liveTensors).to.equal(before);
    expect(formatRows(rows).split('\n')).to.have.length(rows.length + 1);
  });

  it('tells arithmetic, memory and one detection of this machine, and leaves nothing behind', async () => {
    const device = await testDeviceAsync();
    const before = device.stats().liveTensors;
    {
      using detector = await Detector.createAsync({ weights: randomWeights(), device });
      const { peakGflops, bandwidthGbs, detection } = await speedFiguresAsync(detector);
      // Any machine that runs this does a billion operations, and moves 100 MB, a second.
      expect(peakGflops).to.be.within(1, 1e6);
      expect(bandwidthGbs).to.be.within(0.1, 1e5);
      expect(detection).to.include({ width: 640, height: 480 });
      expect(detection.timeMs).to.be.greaterThan(0);
    }
    expect(device.stats().liveTensors).to.equal(before);
  });

  it('sees wrong and missing numbers', () => {
    const want = nd([3], [1, -4, 2]);
    expect(differenceOf([1, -4, 2], want)).to.include({ maxAbs: 0, relative: 0, nonFinite: 0 });
    expect(differenceOf([1, -3, 2], want)).to.include({ maxAbs: 1, relative: 0.25, index: 1 });
    expect(differenceOf([1, NaN, 2], want).relative).to.equal(Infinity);
    expect(differenceOf([1, -4], want).nonFinite).to.equal(1);
  });
});

describe('DEBUG', () => {
  it('is silent at 0 and for other programs, and numbers lines at 2', () => {
    const level = (text: string | undefined) => debugLevelOf({ env: () => text });
    expect([undefined, '', '0', 'express:*', '1', '2', '3', '9'].map(level)).to.deep.equal([
      0, 0, 0, 0, 1, 2, 3, 3,
    ]);
    expect(numbered('a\nb')).to.equal('    1  a\n    2  b');
    const lines: string[] = [];
    const before = setDebugSink((text) => lines.push(text));
    try {
      debugKernel(0, 'k', {}, 'code');
      debugKernel(1, 'k', { A: 1 }, 'code');
      debugKernel(2, 'k', {}, 'code');
    } finally {
      setDebugSink(before);
    }
    expect(lines).to.deep.equal(['[nn] kernel k (A=1)', '[nn] kernel k', '[nn] k:\n    1  code']);
  });
});
