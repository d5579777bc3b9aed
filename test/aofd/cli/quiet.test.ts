import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

const CODE = `
  const { quietly } = await import('./src/aofd/cli/quiet.ts');
  const { writeSync } = await import('node:fs');
  const value = quietly(() => {
    writeSync(2, 'Warning: maxDynamicStorageBuffersPerPipelineLayout artificially reduced from 9 to 1.\\n');
    writeSync(2, 'Warning: something real\\n');
    return 5;
  });
  try { quietly(() => { throw new Error('thrown'); }); } catch (error) { writeSync(2, error.message + '\\n'); }
  writeSync(2, 'after ' + value + '\\n');
`;

/** Runs CODE with a real pipe (not the socket that Node would use) as standard error. */
function run(env: NodeJS.ProcessEnv): string {
  const script = '"$0" --import=tsx --input-type=module --eval "$1" 2>&1 >/dev/null | cat';
  return spawnSync('sh', ['-c', script, process.execPath, CODE], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  }).stdout;
}

describe('harmless warnings of native code', function () {
  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  it('are dropped; real ones, errors and later output are not', () => {
    expect(run({ DEBUG: '' })).to.equal('Warning: something real\nthrown\nafter 5\n');
  });

  it('are shown with DEBUG', () => {
    expect(run({ DEBUG: '1' }))
      .to.include('artificially reduced')
      .and.include('after 5');
  });
});
