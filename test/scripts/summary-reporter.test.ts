import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { expect } from 'chai';
import { useTempFolder } from '../helpers/temp-folder.js';

const root = path.resolve(import.meta.dirname, '../..');
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const reporter = path.join(root, 'scripts/summary-reporter.cjs');

const FILES = {
  good: "it('is right', () => {}); it.skip('waits', () => {});",
  wrong: "it('is right too', () => {}); it('is wrong', () => { throw new Error('no'); });",
  broken: "throw new Error('cannot be loaded');",
  dying: "it('dies', () => process.kill(process.pid, 'SIGKILL'));",
};

describe('summary of a test run', () => {
  const at = useTempFolder();

  /** Runs files of tests two at a time. */
  function run(...names: (keyof typeof FILES)[]): { status: number | null; out: string } {
    const files = names.map((name) => at.write(`${name}.cjs`, FILES[name]));
    const args = [mocha, '--no-config', '--parallel', '--jobs', '2', '--reporter', reporter];
    const env = { ...process.env, TEST_SUMMARY_FILE: at('summary') };
    const done = spawnSync(process.execPath, [...args, ...files], {
      cwd: root,
      encoding: 'utf8',
      env,
    });
    return { status: done.status, out: done.stdout };
  }

  it('is the last line, and a file', () => {
    const { status, out } = run('good', 'wrong');
    expect(status).to.equal(1);
    expect(out.trimEnd().split('\n').at(-1)).to.equal('2 passed, 1 failed');
    expect(readFileSync(at('summary'), 'utf8')).to.equal('2 passed, 1 failed\n');
  });

  it('counts files that cannot be loaded and processes that die, and names them', () => {
    const { status, out } = run('broken', 'dying', 'good');
    expect(status).to.equal(2);
    expect(out).to.match(/broken\.cjs: Error: cannot be loaded/);
    expect(out).to.match(/dying\.cjs: Error: Workerpool Worker terminated/);
    expect(out.trimEnd().split('\n').at(-1)).to.equal('1 passed, 2 failed');
    expect(readFileSync(at('summary'), 'utf8')).to.equal('1 passed, 2 failed\n');
  });
});
