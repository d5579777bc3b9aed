/** The look inside in a real browser: what the network computes on a photograph, and a training run. */
import { expect } from 'chai';
import sharp from 'sharp';
import { parseSafetensors } from '../../../src/nn/io/index.js';
import { contentAsync, PATIENCE, Visit } from './visit.js';

describe('the look inside in a real browser', function () {
  this.timeout(300_000);
  const visit = new Visit(async () => {
    const grey = { width: 320, height: 240, channels: 3 as const, background: '#808890' };
    await sharp({ create: grey }).png().toFile(visit.at('web', 'grey.png'));
    return [];
  });

  /** Different colours of a canvas, and its brightest red, among every fifth pixel that is painted. */
  async function paintAsync(selector: string): Promise<{ colors: number; red: number }> {
    return (await visit.page.evaluate(`(() => {
      const { width, height } = document.querySelector('${selector}');
      const copy = Object.assign(document.createElement('canvas'), { width, height });
      const context = copy.getContext('2d', { willReadFrequently: true });
      context.drawImage(document.querySelector('${selector}'), 0, 0);
      const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
      const painted = pixels.filter((pixel, i) => i % 5 === 0 && pixel >>> 24 === 255);
      const red = painted.reduce((most, pixel) => Math.max(most, pixel & 255), 0);
      return { colors: new Set(painted).size, red };
    })()`)) as { colors: number; red: number };
  }

  it('shows the generator’s harm, proposals, and a training run with a checkpoint', async () => {
    const { page } = visit;
    await page.goto(`${visit.address}inside/`);
    await visit.untilAsync("document.querySelector('#harm-text').textContent !== ''");
    expect(await page.textContent('#harm-text')).to.match(/score of this face: 0\.9\d|1\.00/);
    expect([
      await page.getAttribute('#cells', 'min'),
      await page.getAttribute('#cells', 'max'),
    ]).to.deep.equal(['8', '24']);
    expect(await page.locator('#strides button').count()).to.be.at.least(2);
    const proposals = await page.textContent('#proposals-value');
    expect(Number(/of (\d+)/.exec(proposals ?? '')?.[1])).to.be.greaterThan(0);
    // Under a map of nothing but zeros, the photograph's brightest red is 97.
    for (const id of ['#objectness-view', '#segmentation']) {
      const { colors, red } = await paintAsync(id);
      expect(colors, id).to.be.greaterThan(100);
      expect(red, id).to.be.greaterThan(100);
    }
    expect((await paintAsync('#features')).colors, 'feature maps').to.be.greaterThan(100);
    await page.click('#train');
    await visit.untilAsync(
      "Number(/^Update (\\d+)/.exec(document.querySelector('#curve-text').textContent)?.[1]) > 20",
    );
    await page.click('#train'); // stops
    await visit.untilAsync("document.querySelector('#train').textContent === 'Continue'");
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('#checkpoint'),
    ]);
    const { tensors, metadata } = parseSafetensors(await contentAsync(download));
    expect(Number(metadata['steps'])).to.be.greaterThan(20);
    expect(tensors.get('conv1.weight')?.shape).to.deep.equal([12, 3, 3, 3]);
    expect(await page.locator('#answers canvas').count()).to.equal(12);
    // Without a face, nothing of the earlier one stays; the same file may be chosen again.
    await page.setInputFiles('#file', visit.at('web', 'grey.png'));
    await visit.untilAsync("document.querySelector('#state').textContent === 'No face found'");
    expect(await page.textContent('#harm-text')).to.equal('No face found');
    expect((await paintAsync('#face')).colors).to.equal(0);
    expect(await page.inputValue('#file')).to.equal('');
  });

  it('says what to do where there is no WebGPU, and keeps the page', async () => {
    const { page } = visit;
    await page.addInitScript(
      "Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })",
    );
    await page.goto(`${visit.address}inside/`);
    await page.waitForSelector('#train-problem', { state: 'visible', ...PATIENCE });
    for (const id of ['#problem', '#train-problem']) {
      expect(await page.textContent(id), id).to.match(
        /no WebGPU.*The first page .*stored results/s,
      );
      expect(await page.textContent(id), id).not.to.match(/samples below/);
    }
    expect(await page.isDisabled('#train')).to.equal(true);
    expect(await page.isDisabled('#file')).to.equal(true);
    const isPrevented = await page.evaluate(
      "!document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() }))",
    );
    expect(isPrevented).to.equal(true);
  });
});
