/** What opening devices leaves behind in the process that the library is in. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

/** Runs a program in a process whose standard error is a real pipe, as under a supervisor. */
function run(code: string): { status: number | null; lines: string[] } {
  const script = `set -o pipefail; { "$0" --expose-gc --import=tsx --input-type=module --eval "$1" 2>&1 >&3 | cat >/dev/null; } 3>&1`;
  const done = spawnSync('bash', ['-c', script, process.execPath, code], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, DEBUG: '' },
  });
  return { status: done.status, lines: done.stdout.trim().split('\n') };
}

const OPEN = `
  const fs = await import('node:fs');
  const { Device } = await import('./src/nn/node.ts');
  const threads = () => fs.readdirSync('/proc/self/task').length;
  const stderr = () => fs.readlinkSync('/proc/self/fd/2');
  const openAsync = async (options) => {
    const device = await Device.createAsync(options);
    const y = device.tensor([1, 2, 3], [3]);
    await y.readAsync();
    await device.destroyAsync();
  };
  /** Collects garbage until "isDone", or for a while; native objects go a turn or more later. */
  const collectAsync = async (isDone) => {
    for (let turn = 0; turn < 300 && !isDone(); turn++) {
      if (turn % 30 === 0) gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
`;

describe('a process with the library in it', function () {
  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  it('keeps its descriptors, also over worker threads one after the other', () => {
    const inWorker = `import('tsx/esm/api').then(async ({ register }) => {
      register();
      const { Device } = await import('./src/nn/node.ts');
      const device = await Device.createAsync();
      await device.tensor([1], [1]).readAsync();
      await device.destroyAsync();
    });`;
    const { status, lines } = run(`
      ${OPEN}
      const { Worker } = await import('node:worker_threads');
      const before = stderr();
      await openAsync({});
      console.log(stderr() === before);
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true, execArgv: [] });
        console.log(await new Promise((resolve) => worker.on('exit', resolve).on('error', resolve)));
      }
      // The next file gets no number that belongs to something else.
      const file = fs.openSync('/dev/null', 'r');
      console.log(stderr() === before, file > 2);
      process.exit(0);
    `);
    expect(lines).to.deep.equal(['true', '0', '0', '0', 'true true']);
    expect(status).to.equal(0);
  });

  for (const adapter of ['auto', 'by name']) {
    it(`has as many threads after twenty devices as after two (${adapter})`, () => {
      const { status, lines } = run(`
        ${OPEN}
        const first = await Device.createAsync();
        const { kind } = first;
        await first.destroyAsync();
        // lavapipe has a name of its own; of other adapters, their own text serves.
        const name = kind === 'lavapipe' ? 'llvmpipe' : first.adapter.device || first.adapter.description;
        const options = ${adapter === 'auto'} || kind === 'swiftshader' ? {} : { adapter: name };
        for (let i = 0; i < 2; i++) await openAsync(options);
        await collectAsync(() => false);
        const few = threads();
        for (let i = 0; i < 18; i++) await openAsync(options);
        await collectAsync(() => threads() <= few + 1);
        console.log(threads() <= few + 1 ? 'ok' : few + ' threads became ' + threads());
        process.exit(0);
      `);
      expect(lines).to.deep.equal(['ok']);
      expect(status).to.equal(0);
    });
  }

  it('says what a worker thread needs for the embedded adapter, which works with that', function () {
    if (process.arch !== 'x64') this.skip();
    const inWorker = `import('tsx/esm/api').then(async ({ register }) => {
      register();
      const { Device } = await import('./src/nn/node.ts');
      const { parentPort } = await import('node:worker_threads');
      const opened = Device.createAsync({ adapter: 'swiftshader' });
      parentPort.postMessage(await opened.then((device) => device.kind, (error) => error.message));
    });`;
    const { lines } = run(`
      const { SHARE_ENV, Worker } = await import('node:worker_threads');
      for (const env of [process.env, SHARE_ENV]) {
        const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true, execArgv: [], env });
        console.log(await new Promise((resolve) => worker.on('message', resolve).on('error', resolve)));
      }
      process.exit(0);
    `);
    expect(lines[0]).to.include('worker thread').and.include('SHARE_ENV');
    expect(lines[1]).to.equal('swiftshader');
  });
});
