/** The demo page in a real browser, as visitors use it: samples, drag and drop, keyboard, a phone. */
import { expect } from 'chai';
import * as fs from 'node:fs';
import sharp from 'sharp';
import type { FaceRecord } from '../../../src/aofd/detect/faces.js';
import { contentAsync, PATIENCE, Visit, type Saved } from './visit.js';

describe('the demo page in a real browser', function () {
  this.timeout(300_000);
  const visit = new Visit();

  it('finds by itself what is stored with the page; JSON and PNG hold it', async () => {
    const { page } = visit;
    const stored = JSON.parse(fs.readFileSync(visit.at('web', 'faces.json'), 'utf8')) as Record<
      string,
      { faces: FaceRecord[] }
    >;
    await visit.openAsync();
    // The software adapter is named, and gets a smaller picture by itself.
    expect(await page.isVisible('#software')).to.equal(true);
    expect(await page.textContent('#size-value')).to.equal('512 px');
    await page.fill('#size', '640');
    await page.waitForSelector('#busy', { state: 'hidden', ...PATIENCE });
    const { faces } = await visit.savedOfAsync('masks.jpg', 640);
    const expected = stored['masks']!.faces;
    expect(faces).to.have.length(expected.length);
    expect(expected.length).to.be.at.least(3);
    const byPlace = (a: FaceRecord, b: FaceRecord): number => a.box[0] - b.box[0];
    faces.sort(byPlace).forEach((face, i) => {
      const other = [...expected].sort(byPlace)[i]!;
      // Half-precision weights and another adapter: within a pixel and two hundredths.
      face.box.forEach((v, k) => expect(v).to.be.closeTo(other.box[k]!, 1));
      expect(face.occlusion!.ratio).to.be.closeTo(other.occlusion!.ratio, 0.02);
    });
    // A result names the size that it was found with, though another was chosen while the detector looked.
    const early = page.waitForEvent('download');
    await page.evaluate(`(async () => {
      const size = document.querySelector('#size');
      const result = new Promise((done) => {
        const meter = document.querySelector('#meter-time');
        new MutationObserver(done).observe(meter, { childList: true });
      });
      for (const value of ['448', '192']) {
        Object.assign(size, { value }).dispatchEvent(new Event('input'));
        await new Promise((done) => setTimeout(done, 20));
      }
      await result;
      document.querySelector('#save-json').click();
    })()`);
    const { settings } = JSON.parse((await contentAsync(await early)).toString()) as Saved;
    expect(settings.maxSize).to.equal(448);
    await visit.savedOfAsync('masks.jpg', 192);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-png')]);
    expect(download.suggestedFilename()).to.equal('masks.faces.png');
    const { width, height } = await sharp(await contentAsync(download)).metadata();
    expect([width, height]).to.deep.equal([1280, 800]);
  });

  it('takes dropped pictures, and says in plain words what it cannot read', async () => {
    const { page } = visit;
    await visit.openAsync();
    await visit.dropAsync('mine.jpg', 'image/jpeg', 'samples/one.jpg');
    await visit.untilAsync(
      "document.querySelector('#count').textContent === '1' && document.querySelector('#status').textContent.startsWith('One face')",
    );
    const { faces } = await visit.savedOfAsync('mine.jpg', 512);
    expect(faces).to.have.length(1);
    await visit.dropAsync('notes.txt', 'text/plain');
    await page.waitForSelector('#problem', { state: 'visible' });
    expect(await page.textContent('#problem')).to.match(/not a picture.*Use JPEG/s);
    // A good picture takes the message away.
    await visit.dropAsync('masks.jpg', 'image/jpeg', 'samples/masks.jpg');
    await page.waitForSelector('#problem', { state: 'hidden', ...PATIENCE });
  });

  it('works by keyboard: samples, "please uncover your face", covering a face', async () => {
    const { page } = visit;
    await visit.openAsync();
    const pressAsync = async (selector: string): Promise<void> => {
      await page.focus(selector);
      await page.keyboard.press('Enter');
    };
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).to.equal('skip');
    await pressAsync('#mode-check');
    const verdictAsync = (verdict: string): Promise<unknown> =>
      page.waitForSelector(`#stage[data-verdict="${verdict}"]`, PATIENCE);
    await verdictAsync('many');
    await pressAsync('#samples button[title="One face, uncovered"]');
    await verdictAsync('clear');
    await page.waitForSelector('#busy', { state: 'hidden', ...PATIENCE });
    expect(await page.textContent('#verdict')).to.match(/Thank you/);
    await pressAsync('[data-cover="medical-mask"]');
    await verdictAsync('covered');
    await pressAsync('#uncover');
    await verdictAsync('clear');
    await page.focus('#score');
    await page.keyboard.press('ArrowRight');
    expect(await page.textContent('#score-value')).to.equal('0.55');
  });

  it('shows stored results and what to do where there is no WebGPU', async () => {
    const { page } = visit;
    await page.addInitScript(
      "Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })",
    );
    await page.goto(visit.address);
    await page.waitForSelector('#problem', { state: 'visible', ...PATIENCE });
    expect(await page.textContent('#problem')).to.match(/no WebGPU.*current Chrome/s);
    expect(await page.textContent('#note')).to.equal('Stored result');
    expect(await page.locator('#faces li').count()).to.be.at.least(3);
    expect(await page.isVisible('#cover-card')).to.equal(false);
    // The sample chosen last is shown, though the one before it loads later.
    const late = page.waitForResponse('**/samples/friends.jpg');
    await page.route('**/samples/friends.jpg', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue();
    });
    await page.click('#samples button[title="Four faces side by side"]');
    await page.click('#samples button[title="One face, uncovered"]');
    await (await late).finished();
    await page.waitForTimeout(200);
    expect(await page.textContent('#count')).to.equal('1');
    // Nobody looks at a picture of one's own: nothing is said of its faces.
    await page.click('#mode-check');
    await page.waitForSelector('#stage[data-verdict="clear"]', PATIENCE);
    await visit.dropAsync('mine.jpg', 'image/jpeg', 'samples/masks.jpg');
    await visit.untilAsync("document.querySelector('#count').textContent === ''");
    expect(await page.isVisible('#no-faces')).to.equal(false);
    expect(await page.isVisible('#verdict')).to.equal(false);
    expect(await page.isVisible('#problem')).to.equal(true);
  });

  it('fits a phone 360 pixels wide, in light and dark', async () => {
    const { page } = visit;
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    for (const name of ['', 'inside/', 'pictures/']) {
      await page.goto(visit.address + name);
      await page.waitForSelector(name === 'pictures/' ? '.row:nth-child(8)' : '#samples img');
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).to.equal(360);
    }
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).to.equal(
      'rgb(14, 19, 24)',
    );
  });
});
