/** What detectors leave behind in the process that they are in. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

const PROGRAM = `
  const { Detector } = await import('./src/aofd/index.ts');
  const picture = { width: 64, height: 48, data: new Uint8Array(64 * 48 * 3).fill(90) };
  let collected = 0;
  const registry = new FinalizationRegistry(() => collected++);
  for (let i = 0; i < 4; i++) {
    await (async () => {
      const detector = await Detector.createAsync();
      registry.register(detector.device.context.gpu, i);
      await detector.detectAsync(picture);
      await detector.disposeAsync();
    })();
  }
  for (let turn = 0; turn < 300 && collected < 4; turn++) {
    if (turn % 30 === 0) gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(collected);
  process.exit(0);
`;

describe('a process with detectors in it', () => {
  it('gets the memory of disposed ones back', () => {
    const args = ['--expose-gc', '--import=tsx', '--input-type=module', '--eval', PROGRAM];
    const done = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    // The last one may still be on the stack.
    expect(Number(done.stdout), done.stderr).to.be.at.least(3);
  });
});
