import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../../src/aofd/cli/main.js';
import { claimsMarkdown, parseStudyDocument } from '../../../src/aofd/study/report/readme.js';
import { capturedAsync } from '../../helpers/captured.js';
import { findingStudy, writeStudy } from '../../helpers/study.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

interface Face {
  score: number;
  pieces: number | null;
  edge: number | null;
}

interface Shown {
  setting: string;
  pictures: {
    faces: Face[];
    right: number | null;
    wrong: number | null;
    missed: number | null;
    truths: (number | null)[] | null;
  }[];
}

interface Report {
  runs: { setting: string; seed: number; figures: Record<string, Record<string, number>> }[];
  claims: {
    result: {
      seeds: { seed: number; better: number; worse: number; difference: number }[];
      difference: number;
      interval: { low: number; high: number };
      errorOfPictures: number;
      errorOfSeeds: number;
      verdict: string;
    } | null;
    note: string | null;
  }[];
  figures: {
    name: string;
    plot?: { series: { name: string; points: [number, number][] }[] };
    shown?: Shown[];
  }[];
}

describe('a study whose detectors find faces', function () {
  this.timeout(300_000);
  const at = useSuiteFolder();
  let file: string;
  let report: Report;

  async function reproduceAsync(...more: string[]): Promise<string> {
    const args = ['reproduce', '--study', file, '--out', at('out'), ...more];
    const { result, err, out } = await capturedAsync(() => runCli(args));
    expect(result, err).to.equal(0);
    return out;
  }

  before(async () => {
    file = writeStudy(at('data'), findingStudy());
    await reproduceAsync();
    report = JSON.parse(readFileSync(at('out/report.json'), 'utf8')) as Report;
  });

  const apOf = (setting: string, seed: number): number =>
    report.runs.find((run) => run.setting === setting && run.seed === seed)?.figures['drawn']?.[
      'face-ap'
    ] ?? NaN;
  const shownOf = (name: string): Shown[] =>
    report.figures.find((figure) => figure.name === name)?.shown ?? [];

  it('measures them, and takes differences seed by seed', () => {
    for (const { setting, seed } of report.runs) {
      expect(apOf(setting, seed), `${setting} ${seed}`).to.be.within(0.3, 1);
    }
    const result = report.claims[0]?.result;
    expect(result?.seeds.map(({ seed }) => seed)).to.deep.equal([1, 2]);
    for (const { seed, better, worse, difference } of result?.seeds ?? []) {
      expect(better).to.equal(apOf('full', seed));
      expect(worse).to.equal(apOf('plain', seed));
      expect(difference).to.equal(better - worse);
    }
    const [a, b] = result?.seeds.map(({ difference }) => difference) as [number, number];
    expect(result?.difference).to.be.closeTo((a + b) / 2, 1e-12);
    // The deviation of two values over sqrt(2) is half their distance.
    expect(result?.errorOfSeeds).to.be.closeTo(Math.abs(a - b) / 2, 1e-12);
    const { low, high } = result?.interval as { low: number; high: number };
    // z and t (1 degree of freedom) at 95 %.
    const reach = Math.hypot(1.96 * result!.errorOfPictures, 12.706 * result!.errorOfSeeds);
    expect((high - low) / 2).to.be.closeTo(reach, 1e-4 + 1e-4 * reach);
    expect(result?.verdict).to.equal(low > 0 ? 'agrees' : high < 0 ? 'disagrees' : 'not resolved');
  });

  it('draws curves that rise to what was found', () => {
    const plot = report.figures.find(({ name }) => name === 'curves')?.plot;
    expect(plot?.series.map(({ name }) => name)).to.deep.equal(['Full', 'Without masks']);
    for (const { points } of plot?.series ?? []) {
      expect(Math.max(...points.map(([recall]) => recall))).to.be.above(0.3);
    }
  });

  it('tells of the same true faces under both settings, found or not', () => {
    const both = shownOf('both');
    expect(both.map(({ setting }) => setting)).to.deep.equal(['plain', 'full']);
    for (const { pictures } of both) {
      const [picture] = pictures;
      expect(picture?.truths).to.have.length(2);
      expect(picture?.truths?.[0]).to.be.a('number');
      // Nobody has a face of five pixels in the corner.
      expect(picture?.truths?.[1]).to.equal(null);
      expect(picture?.missed).to.be.at.least(1);
      expect((picture?.right ?? 0) + (picture?.missed ?? 0)).to.equal(2);
      expect((picture?.right ?? 0) + (picture?.wrong ?? 0)).to.equal(picture?.faces.length);
      for (const { score } of picture?.faces ?? []) expect(score).to.be.at.least(0.3);
    }
  });

  it('measures masks of true faces only', () => {
    const faces = shownOf('shapes')[0]?.pictures[0]?.faces ?? [];
    const masked = faces.filter(({ pieces }) => pieces !== null);
    expect(masked).to.have.length(1);
    expect(masked[0]?.pieces).to.be.within(1, 16);
    // 16 cells: 4x4 has 16 sides, 16 single cells have 64.
    expect(masked[0]?.edge).to.be.within(16, 64);
  });

  it('writes a report without photographs elsewhere, and the table of claims of a README', async () => {
    const out = await reproduceAsync('--report', '--no-pictures', '--report-to', at('public'));
    expect(out).to.match(/Table 0, masks: (agrees|disagrees|not resolved)/);
    const whole = readFileSync(at('out/report.html'), 'utf8');
    const html = readFileSync(at('public/report.html'), 'utf8');
    expect(whole).to.include('data:image');
    expect(html).to.not.include('data:image');
    expect(html).to.include('<svg').and.include('scores of the same faces');
    expect(existsSync(join(at('public'), 'plots', 'curves.png'))).to.equal(true);
    const text = readFileSync(at('public/report.json'), 'utf8');
    const table = claimsMarkdown(parseStudyDocument(text, 'report.json'));
    const { verdict } = report.claims[0]?.result as { verdict: string };
    expect(table).to.match(/^Of 1 claims/);
    expect(table).to.include(`**${verdict}**`).and.include('+0.100');
    expect(table).to.include('4 of 4 runs: 2 settings, 2 seeds');
  });
});
