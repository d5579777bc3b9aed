/** The demo page in a real browser, as visitors use it: samples, camera, drag and drop, keyboard, a phone. */
import { expect } from 'chai';
import * as fs from 'node:fs';
import type { Browser, Download, Page } from 'playwright-core';
import sharp from 'sharp';
import { buildPageAsync } from '../../../demo/web/scripts/bundle.js';
import { serveAsync } from '../../../demo/web/scripts/server.js';
import type { FaceRecord } from '../../../src/aofd/detect/faces.js';
import { chromiumForAsync } from '../../helpers/chromium.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';
import { metAsync, PATIENCE } from './waiting.js';

/** Frames of the camera's film that show the same face. */
const SCENE = 90;

/** A further camera, which looks away from the visitor: its left half is red, its right one blue. */
const SECOND_CAMERA = `(() => {
  const { mediaDevices } = navigator;
  const [list, open] = ['enumerateDevices', 'getUserMedia'].map((name) => mediaDevices[name].bind(mediaDevices));
  const second = { kind: 'videoinput', deviceId: 'back', label: 'Back camera', groupId: '' };
  mediaDevices.enumerateDevices = async () => [...(await list()), second];
  mediaDevices.getUserMedia = async (constraints) => {
    if (constraints.video?.deviceId?.exact !== 'back') return open(constraints);
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    setInterval(() => {
      for (const [color, x] of [['red', 0], ['blue', 160]]) {
        context.fillStyle = color;
        context.fillRect(x, 0, 160, 240);
      }
    }, 40);
    const stream = canvas.captureStream(25);
    const [track] = stream.getVideoTracks();
    track.getSettings = () => ({ deviceId: 'back', facingMode: 'environment' });
    return stream;
  };
})()`;

interface Saved {
  picture: { name: string; width: number };
  settings: { maxSize: number };
  faces: FaceRecord[];
}

describe('the demo page in a real browser', function () {
  this.timeout(300_000);
  const at = useSuiteFolder();
  let site: Awaited<ReturnType<typeof serveAsync>>;
  let browser: Browser;
  let page: Page;
  /** What the page wrote to the console, and requests that left this machine. */
  const complaints: string[] = [];

  before(async function () {
    await buildPageAsync(at('web'));
    const film = at('camera.mjpeg');
    fs.writeFileSync(film, await filmAsync());
    browser = await chromiumForAsync(this, [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ]);
    site = await serveAsync(at('web'), 0);
  });

  beforeEach(async () => {
    complaints.length = 0;
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      // Videos that were chosen have addresses of this page's own (blob:).
      const address = request.url().replace(/^blob:/, '');
      if (!address.startsWith(site.address)) complaints.push(request.url());
    });
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).to.deep.equal([]);
  });

  after(async () => {
    await browser?.close();
    await site?.closeAsync();
  });

  /** An uncovered face for a while, then a masked one, as the camera's film. */
  async function filmAsync(): Promise<Buffer> {
    const scenes = ['one', 'one-masked'].map(async (name) => {
      const photo = sharp(at('web', `samples/${name}.jpg`));
      const frame = await photo.resize(640, 480, { fit: 'contain' }).jpeg().toBuffer();
      return Buffer.concat(Array<Buffer>(SCENE).fill(frame));
    });
    return Buffer.concat(await Promise.all(scenes));
  }

  const untilAsync = (condition: string): Promise<void> => metAsync(page, condition);

  /** Opens the first page and waits until the browser itself has looked. */
  async function openAsync(): Promise<void> {
    await page.goto(site.address);
    await untilAsync("document.querySelector('#meter-time').textContent !== ''");
  }

  async function readAsync(download: Download): Promise<Buffer> {
    return fs.readFileSync(await download.path());
  }

  async function savedAsync(): Promise<Saved> {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-json')]);
    return JSON.parse((await readAsync(download)).toString()) as Saved;
  }

  /** Saves again and again until the result is of that picture and size. */
  async function savedOfAsync(name: string, maxSize: number): Promise<Saved> {
    await untilAsync(
      `document.querySelector('#busy').hidden && document.querySelector('#size-value').value === '${maxSize} px'`,
    );
    const saved = await savedAsync();
    expect([saved.picture.name, saved.settings.maxSize]).to.deep.equal([name, maxSize]);
    return saved;
  }

  /** Drops a file of the site, or some text, onto the page. */
  async function dropAsync(name: string, type: string, address?: string): Promise<void> {
    const content = address ? `await (await fetch('${address}')).blob()` : "'no picture'";
    await page.evaluate(`(async () => {
      const files = new DataTransfer();
      files.items.add(new File([${content}], '${name}', { type: '${type}' }));
      const event = { bubbles: true, cancelable: true, dataTransfer: files };
      for (const kind of ['dragover', 'drop']) {
        document.querySelector('#stage').dispatchEvent(new DragEvent(kind, event));
      }
    })()`);
  }

  it('finds by itself what is stored with the page; JSON and PNG hold it', async () => {
    const stored = JSON.parse(fs.readFileSync(at('web', 'faces.json'), 'utf8')) as Record<
      string,
      { faces: FaceRecord[] }
    >;
    await openAsync();
    // The software adapter is named, and gets a smaller picture by itself.
    expect(await page.isVisible('#software')).to.equal(true);
    expect(await page.textContent('#size-value')).to.equal('512 px');
    await page.fill('#size', '640');
    await page.waitForSelector('#busy', { state: 'hidden', ...PATIENCE });
    const { faces } = await savedOfAsync('masks.jpg', 640);
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
    const { settings } = JSON.parse((await readAsync(await early)).toString()) as Saved;
    expect(settings.maxSize).to.equal(448);
    await savedOfAsync('masks.jpg', 192);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-png')]);
    expect(download.suggestedFilename()).to.equal('masks.faces.png');
    const { width, height } = await sharp(await readAsync(download)).metadata();
    expect([width, height]).to.deep.equal([1280, 800]);
  });

  it('takes dropped pictures, and says in plain words what it cannot read', async () => {
    await openAsync();
    await dropAsync('mine.jpg', 'image/jpeg', 'samples/one.jpg');
    await untilAsync(
      "document.querySelector('#count').textContent === '1' && document.querySelector('#status').textContent.startsWith('One face')",
    );
    const { faces } = await savedOfAsync('mine.jpg', 512);
    expect(faces).to.have.length(1);
    await dropAsync('notes.txt', 'text/plain');
    await page.waitForSelector('#problem', { state: 'visible' });
    expect(await page.textContent('#problem')).to.match(/not a picture.*Use JPEG/s);
    // A good picture takes the message away.
    await dropAsync('masks.jpg', 'image/jpeg', 'samples/masks.jpg');
    await page.waitForSelector('#problem', { state: 'hidden', ...PATIENCE });
  });

  it('works by keyboard: samples, "please uncover your face", covering a face', async () => {
    await openAsync();
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

  it('judges the faces before a camera, frame by frame', async () => {
    await openAsync();
    await page.click('#mode-check');
    await page.click('#camera');
    for (const [verdict, frame, words] of [
      ['clear', 'rgb(37, 199, 106)', /Thank you/], // green
      ['covered', 'rgb(255, 61, 127)', /uncover your face/],
      ['clear', 'rgb(37, 199, 106)', /Thank you/],
    ] as const) {
      await page.waitForSelector(`#stage[data-verdict="${verdict}"]`, PATIENCE);
      const [color, text] = (await page.evaluate(
        `[getComputedStyle(document.querySelector('#stage')).borderTopColor, document.querySelector('#verdict').textContent]`,
      )) as [string, string];
      expect(color, verdict).to.equal(frame);
      expect(text, verdict).to.match(words);
    }
    expect(await page.textContent('#meter-rate')).to.match(/^\d+(\.\d)? frames\/s$/);
    expect(await page.textContent('#size-value')).to.equal('256 px');
    expect(await page.locator('#camera-list option').count()).to.be.at.least(1);
    await page.click('#camera');
    await untilAsync("document.querySelector('#camera-text').textContent === 'Camera'");
    expect(await page.isVisible('#camera-options')).to.equal(false);
  });

  it('shows the camera that is chosen, mirrored if it looks at the visitor', async () => {
    await page.addInitScript({ content: SECOND_CAMERA });
    await openAsync();
    await page.click('#camera');
    await page.waitForSelector('#camera-options', { state: 'visible', ...PATIENCE });
    expect(await page.isChecked('#mirror')).to.equal(true);
    expect(await page.locator('#camera-list option').allTextContents()).to.include('Back camera');
    await page.selectOption('#camera-list', 'back');
    const untilLeftIsAsync = (color: 'red' | 'blue'): Promise<void> =>
      untilAsync(`(() => {
        const picture = document.querySelector('#picture');
        const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(picture, -5, -picture.height / 2);
        const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
        return ${color === 'red' ? 'red - blue' : 'blue - red'} > 150;
      })()`);
    // It looks away from the visitor, and is shown as it is; the box turns it.
    await untilLeftIsAsync('red');
    expect(await page.isChecked('#mirror')).to.equal(false);
    await page.check('#mirror');
    await untilLeftIsAsync('blue');
    await page.uncheck('#mirror');
    await untilLeftIsAsync('red');
    await page.click('#camera');
    await page.waitForSelector('#camera-options', { state: 'hidden', ...PATIENCE });
  });

  it('plays video files, pauses and seeks; takes pasted pictures', async () => {
    await openAsync();
    // A recording has no length in its header: seeking must find the end by itself.
    await page.evaluate(`(async () => {
      const image = await createImageBitmap(await (await fetch('samples/one.jpg')).blob());
      const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 300 });
      const context = canvas.getContext('2d');
      const timer = setInterval(() => context.drawImage(image, 0, 0, 480, 300), 40);
      const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm' });
      const parts = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      const stopped = new Promise((resolve) => (recorder.onstop = resolve));
      recorder.start();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      recorder.stop();
      await stopped;
      clearInterval(timer);
      const files = new DataTransfer();
      files.items.add(new File(parts, 'clip.webm', { type: 'video/webm' }));
      const input = document.querySelector('#file');
      input.files = files.files;
      input.dispatchEvent(new Event('change'));
    })()`);
    await page.waitForSelector('#video-options', { state: 'visible', ...PATIENCE });
    await untilAsync("document.querySelector('#meter-rate').textContent.endsWith('frames/s')");
    const { picture, faces } = await savedAsync();
    expect([picture.name, picture.width, faces.length]).to.deep.equal(['clip.webm', 480, 1]);
    await page.click('#video-pause');
    await untilAsync("document.querySelector('#video-pause').textContent === 'Play'");
    await page.fill('#video-seek', '0.5');
    await untilAsync("document.querySelector('video').currentTime > 0.5");
    await page.evaluate(`(async () => {
      const clipboardData = new DataTransfer();
      const blob = await (await fetch('samples/masks.jpg')).blob();
      clipboardData.items.add(new File([blob], 'image.png', { type: 'image/png' }));
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    })()`);
    await page.waitForSelector('#video-options', { state: 'hidden', ...PATIENCE });
    await untilAsync("Number(document.querySelector('#count').textContent) >= 3");
    expect((await savedOfAsync('image.png', 512)).faces).to.have.length.at.least(3);
  });

  it('shows stored results and what to do where there is no WebGPU', async () => {
    await page.addInitScript(
      "Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })",
    );
    await page.goto(site.address);
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
    await dropAsync('mine.jpg', 'image/jpeg', 'samples/masks.jpg');
    await untilAsync("document.querySelector('#count').textContent === ''");
    expect(await page.isVisible('#no-faces')).to.equal(false);
    expect(await page.isVisible('#verdict')).to.equal(false);
    expect(await page.isVisible('#problem')).to.equal(true);
  });

  it('fits a phone 360 pixels wide, in light and dark', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    for (const name of ['', 'inside/', 'pictures/']) {
      await page.goto(site.address + name);
      await page.waitForSelector(name === 'pictures/' ? '.row:nth-child(8)' : '#samples img');
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).to.equal(360);
    }
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).to.equal(
      'rgb(14, 19, 24)',
    );
  });
});
