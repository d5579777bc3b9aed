import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { runCli } from '../../src/aofd/cli/main.js';
import { parseTable } from '../../src/nn/tune/index.js';

/** Runs a command in this process; what it prints is returned. */
async function runAsync(args: string[]): Promise<{ code: number; err: string; out: string }> {
  const { stdout, stderr } = process;
  const [write, writeError] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  let [out, err] = ['', ''];
  stdout.write = (text: string | Uint8Array): boolean => Boolean((out += String(text)));
  stderr.write = (text: string | Uint8Array): boolean => Boolean((err += String(text)));
  try {
    const code = await runCli(args);
    return { code, out, err };
  } finally {
    stdout.write = write;
    stderr.write = writeError;
  }
}

describe('aofd tune', function () {
  this.timeout(120_000);
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'aofd-tune-'));
  after(() => fs.rmSync(folder, { recursive: true }));

  it('times the layers of a network, and goes on where it ended', async () => {
    const file = path.join(folder, 'table.json');
    const args = ['tune', '--size', '64x64', '--no-train', '--out', file, '--budget', '0'];
    args.push('--set', 'proposals.test.postNmsTop=32', '--set', 'model.hidden6=32');
    const first = await runAsync(args);
    expect(first.err).to.match(/1\/\d+ {2}conv 1x3x64x64 16x3x3 s2 p1 d1 forward/);
    expect(first.code).to.equal(0);
    const text = fs.readFileSync(file, 'utf8');
    const { layers } = parseTable(text, file);
    const keys = Object.keys(layers);
    expect(keys.length).to.be.greaterThan(3);
    for (const key of keys) {
      expect(Object.keys(layers[key] ?? {})).to.deep.equal(['forward']);
      expect(layers[key]?.forward?.ms).to.be.at.least(0);
    }
    // Forget one layer: only that one (and those without a choice) are timed again.
    const [gone = ''] = keys;
    const kept = text
      .split('\n')
      .filter((line) => !line.includes(`"${gone}"`))
      .join('\n');
    fs.writeFileSync(file, kept);
    const second = await runAsync(args);
    expect(second.err).to.match(new RegExp(`${keys.length - 1} of \\d+ passes were timed before`));
    const again = parseTable(fs.readFileSync(file, 'utf8'), file).layers;
    expect(Object.keys(again)).to.deep.equal(keys);
    for (const key of keys.slice(1)) expect(again[key]).to.deep.equal(layers[key]);
  });

  it('refuses what it cannot understand', async () => {
    expect((await runAsync(['tune', '--size', '64'])).err).to.match(/--size is "64".*WxH/s);
    const both = await runAsync(['tune', '--preset', 'lite', '--config', 'x.json']);
    expect(both.err).to.match(/both name a network/);
    expect(both.code).to.not.equal(0);
  });
});
