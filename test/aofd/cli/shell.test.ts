import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { collect, parseInteger, parseNumber, withInterrupt } from '../../../src/aofd/cli/common.js';
import {
  EXIT,
  errorText,
  exitCodeOf,
  formatError,
  InterruptedError,
  UsageError,
} from '../../../src/aofd/cli/errors.js';
import { ConfigError } from '../../../src/aofd/errors.js';
import { NnError } from '../../../src/nn/errors.js';
import { atomicWriteFile } from '../../../src/nn/io/files/atomic.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

function aofd(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import=tsx', 'src/aofd/cli/main.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
}

describe('command line shell', () => {
  it('prints version and help with exit code 0', () => {
    const version = aofd('--version');
    expect(version.stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    expect(version.status).to.equal(0);
    const help = aofd('--help');
    expect(help.stdout).to.include('Usage: aofd');
    expect(help.status).to.equal(0);
  });

  it('answers nothing, unknown commands and unknown options with exit code 2', () => {
    expect(aofd().status).to.equal(EXIT.usage);
    const unknown = aofd('detekt');
    expect(unknown.status).to.equal(EXIT.usage);
    expect(unknown.stderr).to.include('error:').and.not.include('    at ');
    expect(aofd('--nonsense').status).to.equal(EXIT.usage);
  });

  it('maps errors to exit codes', () => {
    expect(exitCodeOf(new Error('x'))).to.equal(EXIT.failure);
    expect(exitCodeOf(new NnError('code', 'x'))).to.equal(EXIT.failure);
    expect(exitCodeOf(new UsageError('usage', 'x'))).to.equal(EXIT.usage);
    expect(exitCodeOf(new InterruptedError('interrupted', 'stopped'))).to.equal(EXIT.interrupted);
    expect(exitCodeOf('text')).to.equal(EXIT.failure);
  });

  it('prints errors for people, with the fix once and no stack', () => {
    const nn = new NnError('shape', 'conv2d: got 3, expected 4.', { fix: 'pass 4.' });
    expect(formatError(nn, false)).to.equal('error: conv2d: got 3, expected 4. Fix: pass 4.');
    const foreign = Object.assign(new Error('bad file.'), { code: 'x', fix: 'repair it.' });
    expect(formatError(foreign, false)).to.equal('error: bad file. Fix: repair it.');
    expect(formatError(new Error('oops'), false)).to.equal(
      'error: oops (Error; DEBUG=1 prints the stack)',
    );
    expect(formatError(new Error('oops'), true)).to.include('    at ');
    expect(formatError(42, false)).to.equal('error: 42');
    const placed = new NnError('image', 'is empty.', { where: 'a.png', fix: 'copy it again.' });
    expect(errorText(placed, 'b.png')).to.equal('a.png: is empty. Fix: copy it again.');
    expect(errorText(placed, 'a.png')).to.equal('is empty. Fix: copy it again.');
  });

  it('explains errors of the system', () => {
    try {
      fs.readFileSync('/nonexistent/picture.png');
      expect.fail('should throw');
    } catch (error) {
      expect(formatError(error, false)).to.equal(
        'error: /nonexistent/picture.png: no such file or folder. Fix: check the path.',
      );
    }
    const taken = Object.assign(new Error('x'), { code: 'EEXIST', path: 'out' });
    expect(formatError(taken, false)).to.include('out: is a file, a folder is needed.');
    // Of a failed write, in the same words.
    try {
      atomicWriteFile('/nonexistent/faces.json', '{}');
      expect.fail('should throw');
    } catch (error) {
      expect(formatError(error, false)).to.equal(
        'error: cannot write /nonexistent/faces.json: no such file or folder. Fix: check the path.',
      );
    }
  });

  it('prints mistakes in a config without the class of the error', () => {
    const error = new ConfigError('config', 'there is no such setting.', {
      where: 'a.json: optim.lrr',
    });
    expect(formatError(error, false)).to.equal(`error: ${error.message}`);
  });

  it('checks numbers', () => {
    expect(parseNumber(0, 1)('0.25')).to.equal(0.25);
    expect(() => parseNumber(0, 1)('1.5')).to.throw('from 0 to 1');
    expect(() => parseNumber(0, 1)('')).to.throw('Expected a number');
    expect(() => parseNumber(0, 1)('NaN')).to.throw('Expected a number');
    expect(parseInteger(1)('8')).to.equal(8);
    expect(() => parseInteger(1)('0')).to.throw('whole number');
    expect(() => parseInteger(1)('2.5')).to.throw('whole number');
    const command = new Command().exitOverride().option('--set <a>', '', collect);
    command.parse(['--set', 'a=1', '--set', 'b=2'], { from: 'user' });
    expect(command.opts()).to.deep.equal({ set: ['a=1', 'b=2'] });
  });

  it('turns the first interruption into a signal and leaves no listeners', async () => {
    const before = process.listenerCount('SIGINT');
    const result = withInterrupt(async (signal) => {
      expect(process.listenerCount('SIGINT')).to.equal(before + 1);
      process.emit('SIGTERM');
      expect(signal.aborted).to.equal(true);
      await Promise.resolve();
      return 1;
    });
    const error = await result.then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).to.be.instanceOf(InterruptedError);
    expect(process.listenerCount('SIGINT')).to.equal(before);
    expect(await withInterrupt(() => Promise.resolve(7))).to.equal(7);
  });

  it('ends at once when interrupted a second time, but not by the same signal passed on', async () => {
    const { exit } = process;
    const now = performance.now.bind(performance);
    const codes: unknown[] = [];
    let later = 0;
    process.exit = ((code: unknown) => void codes.push(code)) as typeof process.exit;
    performance.now = () => now() + later;
    try {
      await withInterrupt(() => {
        for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) process.emit(signal);
        codes.push('still here');
        later = 500;
        process.emit('SIGINT');
        return Promise.resolve();
      });
    } catch (error) {
      expect(error).to.be.instanceOf(InterruptedError);
    } finally {
      Object.assign(process, { exit });
      performance.now = now;
    }
    expect(codes).to.deep.equal(['still here', 130]);
  });
});
