/**
 * `npm run verify:cases [NAME...]`: tries the cases of ../shared/cases, one folder each (its README says
 * what is right), on the packed package as a user installs it. Prints a line per case; exit code 1
 * where one failed or the cases are not there.
 */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Case } from './verify/cases/case.js';
import * as library from './verify/cases/library.js';
import { Consumer, root } from './verify/consumer.js';

/** By the name of the case's folder. */
const cases: Record<string, Case> = {
  'dispose-in-flight': library.disposeInFlight,
  'instance-leak': library.instanceLeak,
  'worker-terminate': library.workers,
  'detect-inputs': library.detectInputs,
  'ts-consumer': library.tsConsumer,
  bundle: library.bundle,
};

function main(wanted: readonly string[]): number {
  const shared = join(root, '../shared/cases');
  if (!existsSync(shared)) {
    process.stderr.write(`There are no cases: the folder ${shared} is missing.\n`);
    return 1;
  }
  const unknown = wanted.filter((name) => !Object.hasOwn(cases, name));
  if (unknown.length > 0) {
    process.stderr.write(`No such case: ${unknown.join(', ')}.\n`);
    return 2;
  }
  using consumer = new Consumer(['@types/node', 'undici-types']);
  let failed = 0;
  for (const [name, tryCase] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const given = join(shared, name);
    const problems = existsSync(given) ? tryOne(tryCase, consumer, given, name) : ['missing'];
    if (problems.length > 0) failed++;
    process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}\n`);
    for (const problem of problems) process.stdout.write(`       ${problem}\n`);
  }
  return failed === 0 ? 0 : 1;
}

function tryOne(tryCase: Case, consumer: Consumer, given: string, name: string): string[] {
  const folder = join(consumer.folder, name);
  cpSync(given, folder, { recursive: true });
  return tryCase({ consumer, folder });
}

process.exitCode = main(process.argv.slice(2));
