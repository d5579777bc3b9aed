import { expect } from 'chai';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runCli } from '../../../src/aofd/cli/main.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('aofd train', function () {
  this.timeout(60_000);
  const at = useTempFolder();
  let errors = '';
  const write = process.stderr.write.bind(process.stderr);
  beforeEach(() => {
    errors = '';
    process.stderr.write = ((text: string | Uint8Array) => {
      errors += String(text);
      return true;
    }) as typeof process.stderr.write;
  });
  afterEach(() => {
    process.stderr.write = write;
  });

  it('needs a folder for the run', async () => {
    expect(await runCli(['train'])).to.equal(2);
    expect(errors).to.match(/needs a folder.*--out/);
  });

  it('names what is wrong with a config, and starts nothing', async () => {
    const out = at('run');
    expect(await runCli(['train', '--config', at('none.json'), '--out', out])).to.equal(1);
    expect(errors).to.match(/none\.json: no such file.*--config/);
    writeFileSync(at('c.json'), '{"optim": {"learningRate": 1}}');
    errors = '';
    expect(await runCli(['train', '--config', at('c.json'), '--out', out])).to.equal(1);
    expect(errors).to.match(/optim\.learningRate: there is no such setting/);
    expect(existsSync(out)).to.equal(false);
  });

  it('names a data folder that is missing', async () => {
    const out = at('run');
    const set = `data.root=${at('no-data')}`;
    expect(await runCli(['train', '--set', set, '--out', out])).to.equal(1);
    expect(errors).to.match(/no-data.*not found \(data source "facecount"\).*data\.root/);
    expect(existsSync(join(out, 'weights.safetensors'))).to.equal(false);
  });

  it('refuses to resume where there is nothing', async () => {
    expect(await runCli(['train', '--resume', '--out', at()])).to.equal(1);
    expect(errors).to.match(/no checkpoint/);
  });
});
