/**
 * `kernel-cases.js --out FOLDER [--device NAME]`: the table of kernel cases (test/nn/ops/cases) on the real
 * adapter, each row as the tests run it: parity with the float64 twin, gradient against the twin's, both once more
 * with small bindings; at last the twins' gradients against finite differences, which need no adapter. Writes
 * `cases.jsonl` as it goes and `kernels.json` after every tenth check; exit code 1 where one failed.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { atomicWriteFile } from '../../../src/nn/io/files/index.js';
import { Device } from '../../../src/nn/node.js';
import type { OpCase } from '../../../test/nn/ops/case.js';
import { checksOf, type Check } from '../../../test/nn/ops/checks.js';
import { loadFamiliesAsync } from '../../../test/nn/ops/families.js';
import { endWithAsync } from './program.js';
import type { KernelResults } from './results.js';

interface Task {
  name: string;
  test: OpCase;
  check: Check;
}

const SAVE_EVERY = 10;

async function tasksAsync(): Promise<Task[]> {
  const families = await loadFamiliesAsync();
  const tasks = families.flatMap(({ family, cases }) =>
    cases.flatMap((test) =>
      checksOf(test).map((check) => ({
        name: `${family}/${test.name}: ${check.what}`,
        test,
        check,
      })),
    ),
  );
  const isOfTwins = ({ check }: Task): boolean => check.what === 'twin gradient';
  return [...tasks.filter((task) => !isOfTwins(task)), ...tasks.filter(isOfTwins)];
}

/** Null where it passed. */
async function failureOfAsync({ test, check }: Task, device: Device): Promise<string | null> {
  try {
    await check.run(device);
    return null;
  } catch (error) {
    return `${test.name}: ${(error as Error).message}`.slice(0, 500);
  }
}

async function mainAsync(): Promise<number> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, device: { type: 'string' }, help: { type: 'boolean' } },
  });
  const out = values.out ?? '.';
  let isStopping = false;
  process.once('SIGINT', () => (isStopping = true));
  const tasks = await tasksAsync();
  if (values.help) {
    process.stdout.write(`${tasks.length} checks: see docs/bundle.md\n`);
    return 0;
  }
  const device = await Device.createAsync(values.device ? { adapter: values.device } : {});
  const results: KernelResults = {
    adapter: device.adapter.description || device.adapter.device,
    planned: tasks.length,
    passed: 0,
    skipped: 0,
    failures: [],
  };
  const save = (): void =>
    atomicWriteFile(path.join(out, 'kernels.json'), `${JSON.stringify(results, null, 1)}\n`);
  save();
  for (const [i, task] of tasks.entries()) {
    if (isStopping) break;
    const reason = task.test.skip?.(device) ?? null;
    const failure = reason === null ? await failureOfAsync(task, device) : null;
    if (reason !== null) results.skipped++;
    else if (failure === null) results.passed++;
    else results.failures.push({ name: task.name, message: failure });
    const line = { name: task.name, ...(reason === null ? {} : { reason }), failure };
    fs.appendFileSync(path.join(out, 'cases.jsonl'), `${JSON.stringify(line)}\n`);
    if (i % SAVE_EVERY === 0 || failure !== null) save();
    // A timer's turn, so that signals are seen.
    await new Promise((resolve) => setImmediate(resolve));
  }
  save();
  await device.destroyAsync();
  return results.failures.length > 0 ? 1 : 0;
}

await endWithAsync(mainAsync);
