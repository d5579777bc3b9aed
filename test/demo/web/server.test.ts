import { expect } from 'chai';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileOf, serveAsync } from '../../../demo/web/scripts/server.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('the page: its server', () => {
  const temp = useTempFolder();

  it('serves the folder and nothing outside of it', async () => {
    const outer = temp();
    const folder = path.join(outer, 'web');
    fs.mkdirSync(path.join(folder, 'inside'), { recursive: true });
    fs.writeFileSync(path.join(outer, 'secret.txt'), 'secret');
    fs.mkdirSync(path.join(outer, 'web-other'));
    fs.writeFileSync(path.join(outer, 'web-other/a.txt'), 'other');
    fs.writeFileSync(path.join(folder, 'index.html'), '<p>page</p>');
    fs.writeFileSync(path.join(folder, 'inside/index.html'), '<p>inside</p>');
    for (const url of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/..%2fweb-other/a.txt',
      '/%',
      '/inside',
    ]) {
      expect(fileOf(folder, url), url).to.equal(null);
    }
    const { address, closeAsync } = await serveAsync(folder, 0);
    try {
      const page = await fetch(address);
      expect(await page.text()).to.equal('<p>page</p>');
      expect(page.headers.get('content-type')).to.match(/^text\/html/);
      expect(await (await fetch(`${address}inside/?x=1`)).text()).to.equal('<p>inside</p>');
      expect((await fetch(`${address}nothing`)).status).to.equal(404);
    } finally {
      await closeAsync();
    }
  });
});
