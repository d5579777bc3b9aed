import { expect } from 'chai';
import { Turnstile } from '../../../src/aofd/detect/turnstile.js';

/** Work that ends when it is told to. */
class Job {
  isStarted = false;
  #end!: () => void;
  readonly work = async (): Promise<string> => {
    this.isStarted = true;
    await new Promise<void>((resolve) => (this.#end = resolve));
    return 'done';
  };
  end(): void {
    this.#end();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a turnstile', () => {
  it('lets a few in at a time, in order', async () => {
    const gate = new Turnstile(2);
    const jobs = Array.from({ length: 4 }, () => new Job());
    const results = jobs.map((job) => gate.passAsync(job.work));
    await turn();
    expect(jobs.map((job) => job.isStarted)).to.deep.equal([true, true, false, false]);
    jobs[1]!.end();
    await turn();
    expect(jobs.map((job) => job.isStarted)).to.deep.equal([true, true, true, false]);
    jobs[0]!.end();
    await turn();
    jobs[2]!.end();
    jobs[3]!.end();
    expect(await Promise.all(results)).to.deep.equal(['done', 'done', 'done', 'done']);
  });

  it('lets work be alone, one piece at a time, and others again after it', async () => {
    const gate = new Turnstile(2);
    const [first, later] = [new Job(), new Job()];
    const alone = [new Job(), new Job()];
    const results = [
      gate.passAsync(first.work),
      ...alone.map((job) => gate.passAloneAsync(job.work)),
    ];
    await turn();
    results.push(gate.passAsync(later.work));
    await turn();
    expect(alone.map((job) => job.isStarted)).to.deep.equal([false, false]);
    first.end();
    await turn();
    expect([...alone, later].map((job) => job.isStarted)).to.deep.equal([true, false, false]);
    alone[0]!.end();
    await turn();
    // Who waited before the second asked goes first.
    expect([...alone, later].map((job) => job.isStarted)).to.deep.equal([true, false, true]);
    later.end();
    await turn();
    expect(alone[1]!.isStarted).to.equal(true);
    alone[1]!.end();
    expect(await Promise.all(results)).to.deep.equal(Array(4).fill('done'));
    expect(gate.isEmpty).to.equal(true);
    const failing = gate.passAloneAsync(() => Promise.reject(new Error('no')));
    expect(await failing.catch((error: unknown) => String(error))).to.equal('Error: no');
    expect(await gate.passAloneAsync(() => Promise.resolve(5))).to.equal(5);
  });

  it('says when it is idle and when not', async () => {
    const seen: boolean[] = [];
    const gate = new Turnstile(1, (isIdle) => seen.push(isIdle));
    await Promise.all([gate.passAsync(turn), gate.passAsync(turn)]);
    await gate.passAsync(turn);
    expect(seen).to.deep.equal([false, true, false, true]);
  });

  it('goes on after work that failed', async () => {
    const gate = new Turnstile(1);
    const failing = gate.passAsync(() => Promise.reject(new Error('no')));
    const next = gate.passAsync(() => Promise.resolve(5));
    expect(await failing.catch((error: unknown) => String(error))).to.equal('Error: no');
    expect(await next).to.equal(5);
  });

  it('refuses who waits when it closes, and waits for who is inside', async () => {
    const gate = new Turnstile(1);
    const job = new Job();
    const inside = gate.passAsync(job.work);
    const waiting = gate.passAsync(() => Promise.resolve('late')).catch((e: unknown) => String(e));
    let isClosed = false;
    const closing = gate.closeAsync(() => new Error('closed')).then(() => (isClosed = true));
    expect(await waiting).to.equal('Error: closed');
    const later = gate.passAsync(() => Promise.resolve('later')).catch((e: unknown) => String(e));
    expect(await later).to.equal('Error: closed');
    await turn();
    expect(isClosed).to.equal(false);
    job.end();
    expect(await inside).to.equal('done');
    await closing;
  });
});
