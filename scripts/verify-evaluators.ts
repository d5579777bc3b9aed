/**
 * `npm run verify:evaluators -- [--shared DIR] [--only NAME]`: published and golden numbers against
 * what the evaluators of this repository give: published, ours, difference, one line each.
 *
 * The published files are data of others and not part of the repository: what is missing is named,
 * and the run then ends with exit code 2 (1: a number differs, 0: everything was there and agrees).
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { verifyCocoAsync } from './verify/coco.js';
import type { Verified } from './verify/comparison.js';
import { verifyFddbAsync } from './verify/fddb.js';
import { verifyMafaAsync } from './verify/mafa.js';
import { verifyOcclusionAsync } from './verify/occlusion.js';
import { verifyWiderAsync } from './verify/wider.js';

const verifiers: Record<
  string,
  (shared: string, print: (line: string) => void) => Promise<Verified>
> = {
  fddb: verifyFddbAsync,
  wider: verifyWiderAsync,
  mafa: verifyMafaAsync,
  coco: verifyCocoAsync,
  occlusion: verifyOcclusionAsync,
};

const { values: args } = parseArgs({
  options: { shared: { type: 'string', default: '../shared' }, only: { type: 'string' } },
});
if (args.only !== undefined && !(args.only in verifiers)) {
  process.stderr.write(
    `--only is "${args.only}". Fix: use one of ${Object.keys(verifiers).join(', ')}.\n`,
  );
  process.exit(1);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const total = { checked: 0, failed: 0, missing: [] as string[] };
for (const [name, verifyAsync] of Object.entries(verifiers)) {
  if (args.only !== undefined && args.only !== name) continue;
  print(`\n== ${name}`);
  const { checked, failed, missing } = await verifyAsync(args.shared, print);
  total.checked += checked;
  total.failed += failed;
  total.missing.push(...missing);
}
print(`\n${total.checked} checked, ${total.failed} differ`);
if (total.missing.length > 0) {
  print(`Not checked, for want of:\n${total.missing.map((file) => `  ${file}`).join('\n')}`);
  print('Fix: pass --shared DIR, the folder that holds golden/ and data/ with these files.');
}
process.exitCode = total.failed > 0 ? 1 : total.missing.length > 0 ? 2 : 0;
