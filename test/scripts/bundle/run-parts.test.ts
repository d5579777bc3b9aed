import { expect } from 'chai';
import { NothingToRun, type Ended, type Part } from '../../../scripts/bundle/on-site/part.js';
import { runPartsAsync } from '../../../scripts/bundle/on-site/run-parts.js';
import { summaryText } from '../../../scripts/bundle/on-site/summary.js';

const ended = (changes: Partial<Ended> = {}): Ended => ({
  code: 0,
  isStopped: false,
  tail: '',
  ...changes,
});

/** A part that takes `wantsMs`, and is stopped where it gets less. */
interface Pretended extends Part {
  wantsMs: number;
  end: Ended;
}

const part = (name: string, changes: Partial<Pretended> = {}): Pretended => ({
  name,
  what: `What ${name} says.`,
  share: 0.5,
  wantsMs: 0,
  end: ended(),
  commands: () => [[name]],
  findings: () => ({ said: [`${name} found`], values: { [name]: 1 } }),
  ...changes,
});

/** Runs parts on a clock of their own. */
async function runAsync(parts: Pretended[], budgetMs = 1000, interruptAtMs = Infinity) {
  let now = 0;
  const limits: number[] = [];
  const reports: number[] = [];
  const results = await runPartsAsync(parts, budgetMs, {
    now: () => now,
    isInterrupted: () => now >= interruptAtMs,
    report: (done) => void reports.push(done.length),
    runAsync: (one, _args, limitMs) => {
      const { wantsMs, end } = one as Pretended;
      limits.push(limitMs);
      now += Math.min(wantsMs, limitMs);
      return Promise.resolve(wantsMs > limitMs ? { ...end, code: null, isStopped: true } : end);
    },
  });
  return { results, limits, reports, status: results.map(({ status }) => status) };
}

describe('parts of the run on another machine', () => {
  it('gives each its share at most, and what is left at most', async () => {
    const { limits, status } = await runAsync([
      part('a', { share: 0.2, wantsMs: 100 }),
      part('b', { share: 0.5, wantsMs: 900 }),
      part('c', { share: 1, wantsMs: 9999 }),
    ]);
    expect(limits).to.deep.equal([200, 500, 380]); // 2 % are kept for the end
    expect(status).to.deep.equal(['done', 'stopped', 'stopped']);
  });

  it('goes on after a part that failed, could not be read or could not begin', async () => {
    const throws = (error: Error) => (): never => {
      throw error;
    };
    const { results, status, reports } = await runAsync([
      part('crashed', { end: ended({ code: null, tail: 'first\n\nlast line' }) }),
      part('unreadable', { findings: throws(new Error('no JSON')) }),
      part('wrong', { findings: () => ({ said: ['1 failed'], isBad: true }) }),
      part('empty', { findings: () => ({ said: ['no report'], isEmpty: true }) }),
      part('nothing', { commands: throws(new NothingToRun('no folder')) }),
      part('last'),
    ]);
    expect(status).to.deep.equal(['failed', 'failed', 'failed', 'failed', 'skipped', 'done']);
    expect(results[0]?.said).to.deep.equal([
      'crashed found',
      'ended with code none (killed)',
      '| first',
      '| last line',
    ]);
    expect(results[1]?.said[0]).to.contain('no JSON');
    expect(results[4]?.said).to.deep.equal(['no folder']);
    expect(reports).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  it('counts what a part found until it was stopped, and failures among it', async () => {
    const { results, status } = await runAsync([
      part('slow', { wantsMs: 600 }),
      part('bad', { share: 0.1, wantsMs: 600, findings: () => ({ said: ['x'], isBad: true }) }),
      part('none', { share: 0.1, wantsMs: 600, findings: () => ({ said: ['y'], isEmpty: true }) }),
    ]);
    expect(status).to.deep.equal(['stopped', 'failed', 'stopped']);
    expect(results[0]?.values).to.deep.equal({ slow: 1 });
  });

  it('skips what has no time left, or comes after an interruption', async () => {
    const late = await runAsync([part('a', { share: 1, wantsMs: 5000 }), part('b')]);
    expect(late.status).to.deep.equal(['stopped', 'skipped']);
    expect(late.results[1]?.said).to.deep.equal(['no time was left']);
    const cut = await runAsync([part('a', { wantsMs: 100 }), part('b')], 1000, 50);
    expect(cut.results[1]?.said).to.deep.equal(['interrupted']);
  });

  it('shares the limit of a part among its commands', async () => {
    const commands = (): string[][] => [['one'], ['two'], ['three']];
    const { limits, status } = await runAsync([part('tune', { commands, wantsMs: 200 })]);
    expect(limits).to.deep.equal([500, 300, 100]);
    expect(status).to.deep.equal(['stopped']);
  });

  it('says everything in the summary', async () => {
    const { results } = await runAsync([part('a', { wantsMs: 600 }), part('b')]);
    const text = summaryText({
      format: 'aofd-bundle/1',
      version: '1.2.3',
      started: '2030-01-01T00:00:00Z',
      minutes: 2,
      seconds: 61.2,
      isFinished: false,
      machine: ['no Vulkan driver is registered'],
      parts: results,
    });
    expect(text).to.equal(
      [
        'aofd 1.2.3, begun 2030-01-01T00:00:00Z, 61 s of 120, still running',
        '  no Vulkan driver is registered',
        '',
        'a: stopped at its limit (0.5 s of at most 1). What a says.',
        '  a found',
        '',
        'b: done (0.0 s of at most 0). What b says.',
        '  b found',
        '',
      ].join('\n'),
    );
  });
});
