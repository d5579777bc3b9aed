import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { CounterRng } from '../../../src/nn/index.js';
import { runCli } from '../../../src/aofd/cli/main.js';
import { capturedAsync } from '../../helpers/captured.js';
import { tinyStudy, writeStudy } from '../../helpers/study.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

interface Report {
  runs: { setting: string; seed: number; status: { state: string; reasons: string[] } }[];
  claims: { result: { verdict: string; seeds: unknown[] } | null }[];
  figures: { name: string; plot?: unknown; shown?: { pictures: { faces: unknown[] }[] }[] }[];
  making?: unknown;
}

describe('aofd reproduce', function () {
  this.timeout(300_000);
  const at = useSuiteFolder();
  let file: string;
  let whole: Report;

  /** Runs the command; the report without what tells of its making. */
  async function reproduceAsync(study: string, out: string, ...more: string[]): Promise<string> {
    const args = ['reproduce', '--study', study, '--out', out, ...more];
    const { result, err } = await capturedAsync(() => runCli(args));
    expect(result, err).to.equal(0);
    return err;
  }

  function reportOf(out: string): Report {
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Report;
    delete report.making;
    return report;
  }

  const nodesIn = (out: string): string[] => readdirSync(join(out, 'nodes')).sort();

  before(async () => {
    file = writeStudy(at('data'));
    await reproduceAsync(file, at('whole'));
    whole = reportOf(at('whole'));
  });

  it('trains shared stages once, detects, scores and reports', () => {
    expect(whole.runs.map(({ status }) => status)).to.deep.equal(
      Array.from({ length: 4 }, () => ({ state: 'done', reasons: [] })),
    );
    // For each seed: stage 0; stages 1 and 2 of "full" and of "plain", of which stage 1 is shared.
    const kinds = nodesIn(at('whole')).map((name) => name.split('-')[0]);
    expect(kinds.filter((kind) => kind === 'train')).to.have.length(2 * 4);
    expect(kinds.filter((kind) => kind === 'detect')).to.have.length(2 * 2);
    expect(kinds.filter((kind) => kind === 'show')).to.have.length(1);
    expect(whole.claims[0]?.result?.seeds).to.have.length(2);
    expect(whole.claims[0]?.result?.verdict).to.be.oneOf(['agrees', 'disagrees', 'not resolved']);
    expect(whole.figures.find(({ name }) => name === 'curves')?.plot).to.be.an('object');
    const html = readFileSync(join(at('whole'), 'report.html'), 'utf8');
    expect(html).to.include('Table 0').and.include('data:image/jpeg').and.include('<svg');
    expect(readFileSync(join(at('whole'), 'report.md'), 'utf8')).to.include('| Masks help. |');
  });

  it('gives the same report after being killed at random moments', async () => {
    const out = at('killed');
    const rng = new CounterRng(5, 'test/kill');
    const script = new URL('../../helpers/study-killed.ts', import.meta.url).pathname;
    let killed = 0;
    for (let i = 0; i < 4; i++) {
      const event = String(2 + rng.int(12));
      const args = ['--import', 'tsx/esm', script, file, out, event];
      const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (signal === 'SIGKILL') killed++;
      else expect(stderr, 'an end without a kill must be a clean one').to.equal('');
    }
    expect(killed).to.be.at.least(3);
    await reproduceAsync(file, out);
    expect(reportOf(out)).to.deep.equal(whole);
    expect(nodesIn(out)).to.deep.equal(nodesIn(at('whole')));
  });

  it('does nothing twice, and re-runs only what depends on a changed setting', async () => {
    const out = at('whole');
    const marks = (): string[] =>
      nodesIn(out).map(
        (name) => `${name} ${readFileSync(join(out, 'nodes', name, 'done.json'), 'utf8')}`,
      );
    const before = marks();
    expect(await reproduceAsync(file, out)).to.include('0 open');
    expect(marks()).to.deep.equal(before);
    const changed = tinyStudy();
    changed['settings'] = [
      { name: 'full', title: 'Full' },
      { name: 'plain', title: 'Half only', change: { masking: { types: ['half'] } } },
    ];
    const file2 = at('data/changed.json');
    writeFileSync(file2, JSON.stringify(changed));
    await reproduceAsync(file2, out);
    const added = marks().filter((mark) => !before.includes(mark));
    // Stage 2 and the detections of that setting, for each seed.
    expect(added.map((mark) => mark.split('-')[0]).sort()).to.deep.equal([
      'detect',
      'detect',
      'train',
      'train',
    ]);
    expect(before.filter((mark) => !marks().includes(mark))).to.deep.equal([]);
  });

  it('merges shards to the same report', async () => {
    for (const shard of ['1/2', '2/2']) {
      await reproduceAsync(file, at(`shard-${shard[0]}`), '--shard', shard);
    }
    expect(nodesIn(at('shard-1'))).to.not.deep.equal(nodesIn(at('shard-2')));
    const out = at('merged');
    await reproduceAsync(file, out, '--merge', at('shard-1'), at('shard-2'));
    expect(reportOf(out)).to.deep.equal(whole);
    expect(existsSync(join(out, 'nodes')), 'nothing was run again').to.equal(false);
  });

  it('reports a failing run in its row and runs the others', async () => {
    const study = tinyStudy();
    study['seeds'] = [1];
    study['settings'] = [
      { name: 'full' },
      // Rates at which the first update leaves no finite number.
      { name: 'plain', set: ['stages.stage0.lr=1e6', 'optim.clipNorm=0', 'optim.kind="sgd"'] },
      { name: 'absent', set: ['data.sources.drawn.list="nowhere.json"'] },
    ];
    writeFileSync(at('data/failing.json'), JSON.stringify(study));
    const out = at('failing');
    await reproduceAsync(at('data/failing.json'), out);
    const [full, plain, absent] = reportOf(out).runs.map(({ status }) => status);
    expect(full).to.deep.equal({ state: 'done', reasons: [] });
    expect(plain?.state).to.equal('failed');
    expect(plain?.reasons[0]).to.match(/^stage stage0: .*not finite/s);
    expect(absent?.state).to.equal('failed');
    expect(absent?.reasons[0]).to.match(/nowhere\.json.*not found/);
    expect(reportOf(out).claims[0]?.result).to.equal(null);
    // A failure is remembered, and tried again where that is wanted.
    expect(await reproduceAsync(at('data/failing.json'), out)).to.include('1 failed');
    rmSync(out, { recursive: true });
  });
});
