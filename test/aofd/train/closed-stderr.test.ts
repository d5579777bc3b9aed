/** Training goes on when nobody listens to what it prints: a log that was closed, a reader that went away. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { tinyStudy, writeStudy } from '../../helpers/study.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

describe('aofd train without a standard error', () => {
  const at = useSuiteFolder();

  before(() => {
    writeStudy(at('data'));
    const base = tinyStudy()['base'] as { stages: object[]; data: object };
    const stages = [{ ...base.stages[0], steps: 1 }];
    const config = { ...base, stages, data: { ...base.data, root: at('data') } };
    at.write('config.json', JSON.stringify(config));
  });

  for (const [title, redirection] of [
    ['closed from the start', '2>&-'],
    ['a pipe that nobody reads any more', ''],
  ] as const) {
    it(title, async () => {
      const out = at(redirection === '' ? 'piped' : 'closed');
      const command =
        `exec "${process.execPath}" --import=tsx src/aofd/cli/main.ts ` +
        `train --config "${at('config.json')}" --out "${out}" ${redirection}`;
      const child = spawn('sh', ['-c', command], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      child.stderr.destroy();
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      expect(printed).to.equal(`${path.join(out, 'weights.safetensors')}\n`);
      expect(code).to.equal(0);
      expect(existsSync(path.join(out, 'weights.safetensors'))).to.equal(true);
    });
  }
});
