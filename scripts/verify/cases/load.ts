/** Cases of long-lived processes: many detectors one after the other, many calls at once, idle memory. */
import { endProblems, type Case } from './case.js';

/** Threads that may come and go, and MiB by which a process may grow between two looks at it. */
const MORE_THREADS = 2;
const MORE_MEMORY = 60;

const LOOK = `import { readdirSync } from 'node:fs';
  import { Detector } from 'aofd';
  const picture = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
  const lookAsync = async () => {
    for (let turn = 0; turn < 60; turn++) {
      if (turn % 20 === 0) gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
    console.log(readdirSync('/proc/self/task').length, memory);
  };`;

/** 120 detectors made and disposed: after the first 20, threads and memory stay. */
export const manyDetectors: Case = ({ consumer, folder }) => {
  const code = `${LOOK}
    for (let i = 1; i <= 120; i++) {
      const detector = await Detector.createAsync();
      await detector.disposeAsync();
      if (i % 20 === 0) await lookAsync();
    }
    process.exit(0);`;
  const done = consumer.node(['--expose-gc', '--input-type=module', '-e', code], folder);
  return [...endProblems('120 detectors', done), ...growth('120 detectors', done.stdout)];
};

/** 200 calls at once take hardly more than four, and the pool lets idle memory go. */
export const manyCalls: Case = ({ consumer, folder }) => {
  const code = `${LOOK}
    const detector = await Detector.createAsync({ idleMs: 50 });
    for (const count of [4, 200]) {
      await Promise.all(Array.from({ length: count }, () => detector.detectAsync(picture)));
      await lookAsync();
    }
    const started = Date.now();
    while (detector.device.stats().pooledBytes > 0 && Date.now() - started < 60000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    console.log('pooled', detector.device.stats().pooledBytes);
    await detector.disposeAsync();
    process.exit(0);`;
  const done = consumer.node(['--expose-gc', '--input-type=module', '-e', code], folder);
  const problems = [...endProblems('200 calls', done), ...growth('200 calls', done.stdout)];
  const pooled = /^pooled (\d+)$/m.exec(done.stdout)?.[1];
  if (pooled !== '0') problems.push(`idle: ${pooled} bytes are kept for reuse`);
  return problems;
};

/** What grew between the first look and the others. */
function growth(name: string, said: string): string[] {
  const looks = [...said.matchAll(/^(\d+) (\d+)$/gm)].map((m) => [Number(m[1]), Number(m[2])]);
  const [first, ...others] = looks;
  if (first === undefined || others.length === 0) return [`${name}: nothing was measured`];
  const [threads = 0, memory = 0] = first;
  return others.flatMap(([moreThreads = 0, moreMemory = 0], i) => {
    const isFlat = moreThreads <= threads + MORE_THREADS && moreMemory <= memory + MORE_MEMORY;
    const became = `${threads} threads and ${memory} MiB became ${moreThreads} and ${moreMemory}`;
    return isFlat ? [] : [`${name}: ${became} at look ${i + 2}`];
  });
}
