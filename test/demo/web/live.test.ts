/** Cameras and films on the demo page, in a real browser: frame by frame, and what can go wrong with them. */
import { expect } from 'chai';
import * as fs from 'node:fs';
import sharp from 'sharp';
import { PATIENCE, Visit } from './visit.js';

/** Frames of the camera's film that show the same face. */
const SCENE = 90;

/**
 * Further cameras. `back` looks away from the visitor: its left half is red, its right one blue. `busy` is used by
 * another program, `slow` never opens.
 */
const MORE_CAMERAS = `(() => {
  const { mediaDevices } = navigator;
  const [list, open] = ['enumerateDevices', 'getUserMedia'].map((name) => mediaDevices[name].bind(mediaDevices));
  const more = ['Back', 'Busy', 'Slow'].map((name) => (
    { kind: 'videoinput', deviceId: name.toLowerCase(), label: name + ' camera', groupId: '' }
  ));
  mediaDevices.enumerateDevices = async () => [...(await list()), ...more];
  mediaDevices.getUserMedia = async (constraints) => {
    const id = constraints.video?.deviceId?.exact;
    if (id === 'busy') throw new DOMException('in use', 'NotReadableError');
    if (id === 'slow') return new Promise(() => {});
    if (id !== 'back') return open(constraints);
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

/** Chooses a film or sound that the page records itself; its header states no length. */
const recording = (stream: string, type: string, name: string): string => `(async () => {
  const { stream, stop } = await (${stream})();
  const recorder = new MediaRecorder(stream, { mimeType: '${type}' });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  recorder.stop();
  await stopped;
  stop();
  const files = new DataTransfer();
  files.items.add(new File(parts, '${name}', { type: 'video/webm' }));
  const input = document.querySelector('#file');
  input.files = files.files;
  input.dispatchEvent(new Event('change'));
})()`;

const FILM = recording(
  `async () => {
    const image = await createImageBitmap(await (await fetch('samples/one.jpg')).blob());
    const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 300 });
    const context = canvas.getContext('2d');
    const timer = setInterval(() => context.drawImage(image, 0, 0, 480, 300), 40);
    return { stream: canvas.captureStream(25), stop: () => clearInterval(timer) };
  }`,
  'video/webm',
  'clip.webm',
);

/** A file that calls itself a film and holds sound alone. */
const SOUND = recording(
  `async () => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const end = context.createMediaStreamDestination();
    tone.connect(end);
    tone.start();
    return { stream: end.stream, stop: () => context.close() };
  }`,
  'audio/webm',
  'sound.webm',
);

describe('cameras and films on the demo page in a real browser', function () {
  this.timeout(300_000);
  const visit = new Visit(async ({ at }) => {
    fs.writeFileSync(at('camera.mjpeg'), await cameraFilmAsync());
    return [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      `--use-file-for-fake-video-capture=${at('camera.mjpeg')}`,
    ];
  });

  /** An uncovered face for a while, then a masked one. */
  async function cameraFilmAsync(): Promise<Buffer> {
    const scenes = ['one', 'one-masked'].map(async (name) => {
      const photo = sharp(visit.at('web', `samples/${name}.jpg`));
      const frame = await photo.resize(640, 480, { fit: 'contain' }).jpeg().toBuffer();
      return Buffer.concat(Array<Buffer>(SCENE).fill(frame));
    });
    return Buffer.concat(await Promise.all(scenes));
  }

  /** Waits until the leftmost pixels of the picture have that colour. */
  async function leftIsAsync(color: 'red' | 'blue'): Promise<void> {
    await visit.untilAsync(`(() => {
      const picture = document.querySelector('#picture');
      const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(picture, -5, -picture.height / 2);
      const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
      return ${color === 'red' ? 'red - blue' : 'blue - red'} > 150;
    })()`);
  }

  it('judges the faces before a camera, frame by frame', async () => {
    const { page } = visit;
    await visit.openAsync();
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
    await visit.untilAsync("document.querySelector('#camera-text').textContent === 'Camera'");
    expect(await page.isVisible('#camera-options')).to.equal(false);
  });

  it('shows the camera that is chosen, mirrored if it looks at the visitor', async () => {
    const { page } = visit;
    await page.addInitScript({ content: MORE_CAMERAS });
    await visit.openAsync();
    await page.click('#camera');
    await visit.shownAsync('#camera-options');
    expect(await page.isChecked('#mirror')).to.equal(true);
    expect(await page.locator('#camera-list option').allTextContents()).to.include('Back camera');
    await page.selectOption('#camera-list', 'back');
    // It looks away from the visitor, and is shown as it is; the box turns it.
    await leftIsAsync('red');
    expect(await page.isChecked('#mirror')).to.equal(false);
    await page.check('#mirror');
    await leftIsAsync('blue');
    await page.uncheck('#mirror');
    await leftIsAsync('red');
    await page.click('#camera');
    await visit.shownAsync('#camera-options', false);
  });

  it('plays video files, pauses and seeks; takes pasted pictures', async () => {
    const { page } = visit;
    await visit.openAsync();
    await page.evaluate(FILM);
    await visit.shownAsync('#video-options');
    await visit.untilAsync(
      "document.querySelector('#meter-rate').textContent.endsWith('frames/s')",
    );
    const { picture, faces } = await visit.savedAsync();
    expect([picture.name, picture.width, faces.length]).to.deep.equal(['clip.webm', 480, 1]);
    await page.click('#video-pause');
    await visit.untilAsync("document.querySelector('#video-pause').textContent === 'Play'");
    await page.fill('#video-seek', '0.5');
    await visit.untilAsync("document.querySelector('video').currentTime > 0.5");
    await page.evaluate(`(async () => {
      const clipboardData = new DataTransfer();
      const blob = await (await fetch('samples/masks.jpg')).blob();
      clipboardData.items.add(new File([blob], 'image.png', { type: 'image/png' }));
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    })()`);
    await visit.shownAsync('#video-options', false);
    await visit.untilAsync("Number(document.querySelector('#count').textContent) >= 3");
    expect((await visit.savedOfAsync('image.png', 512)).faces).to.have.length.at.least(3);
  });

  it('goes on where a camera cannot be opened or is not wanted any more', async () => {
    const { page } = visit;
    await page.addInitScript({ content: MORE_CAMERAS });
    await visit.openAsync();
    await page.click('#camera');
    await visit.shownAsync('#camera-options');
    await page.focus('#camera-list');
    await page.selectOption('#camera-list', 'busy');
    await visit.shownAsync('#problem');
    expect(await page.textContent('#problem')).to.match(/cannot be opened.*Another program/s);
    // None runs; yet another one can be chosen at once, also by keyboard.
    expect(await page.textContent('#camera-text')).to.equal('Camera');
    expect(await page.isVisible('#camera-options')).to.equal(true);
    expect(await page.evaluate('document.activeElement.id')).to.equal('camera-list');
    await page.selectOption('#camera-list', 'back');
    await leftIsAsync('red');
    await visit.shownAsync('#problem', false);
    expect(await page.textContent('#camera-text')).to.equal('Stop camera');
    // One that does not answer can be given up.
    await page.selectOption('#camera-list', 'slow');
    await visit.saysAsync('#busy-text', 'Waiting for the camera');
    await page.click('#camera');
    await visit.shownAsync('#camera-options', false);
    expect(await page.textContent('#camera-text')).to.equal('Camera');
    await page.click('#samples button[title="One face, uncovered"]');
    await visit.untilAsync("document.querySelector('#count').textContent === '1'");
  });

  it('says that the camera is gone, and judges nobody any more', async () => {
    const { page } = visit;
    // The page's own tracks, so that they can end as those of an unplugged camera do.
    await page.addInitScript({
      content: `(() => {
        const { mediaDevices } = navigator;
        const open = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (constraints) => (window.stream = await open(constraints));
      })()`,
    });
    await visit.openAsync();
    await page.click('#mode-check');
    await page.click('#camera');
    await page.waitForSelector('#stage[data-verdict="clear"]', PATIENCE);
    await page.evaluate(`{
      const [track] = stream.getVideoTracks();
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }`);
    await visit.shownAsync('#problem');
    expect(await page.textContent('#problem')).to.match(/camera has stopped.*unplugged/s);
    expect(await page.isVisible('#verdict')).to.equal(false);
    expect(await page.getAttribute('#stage', 'data-verdict')).to.equal(null);
    expect(await page.textContent('#meter-rate')).to.equal('');
    expect(await page.isVisible('#camera-options')).to.equal(false);
    await page.click('#camera');
    await page.waitForSelector('#stage[data-verdict]', PATIENCE);
    expect(await page.isVisible('#problem')).to.equal(false);
  });

  it('speaks of moving pictures only where something is new', async () => {
    const { page } = visit;
    await visit.openAsync();
    await page.evaluate(`{
      window.spoken = [];
      window.frames = 0;
      const watch = (id, seen) =>
        new MutationObserver(seen).observe(document.querySelector(id), { childList: true });
      watch('#status', () => spoken.push(document.querySelector('#status').textContent));
      watch('#meter-rate', () => frames++);
    }`);
    await page.click('#mode-check');
    await page.click('#camera');
    for (const verdict of ['clear', 'covered', 'clear']) {
      await page.waitForSelector(`#stage[data-verdict="${verdict}"]`, PATIENCE);
    }
    const [spoken, frames] = (await page.evaluate('[spoken, frames]')) as [string[], number];
    const [covered, clear] = [/^Please uncover your face/, /^Thank you, your face is uncovered\.$/];
    // Mode and camera were chosen one after the other: the sample's verdict comes first.
    expect(spoken[0]).to.match(/^One person at a time/);
    const said = spoken.slice(1);
    let at = 0;
    for (const verdict of [clear, covered, clear]) {
      at = said.findIndex((text, i) => i >= at && verdict.test(text)) + 1;
      expect(at, spoken.join(' | ')).to.be.greaterThan(0);
    }
    // Few frames say anything: where the verdict is another, or the number of faces after a while.
    expect(spoken.length, `${frames} frames: ${spoken.join(' | ')}`).to.be.lessThan(frames / 2);
  });

  it('shows where the time of a frame and of the detector goes', async () => {
    const { page } = visit;
    await visit.openAsync();
    await page.click('#camera');
    await page.click('#profile summary');
    await visit.saysAsync('#profile-body', 'Each frame');
    for (const stage of ['waiting for a frame', 'detector, from pixels to faces', 'drawing']) {
      await visit.saysAsync('#profile-body', stage);
    }
    await page.click('#profile-body button');
    await visit.saysAsync('#profile-body', 'Measured at 256 px. The camera was closed for this.');
    const text = (await page.textContent('#profile-body')) ?? '';
    expect(text).to.match(/Means of 3 looks/);
    expect(text).to.match(/Copies per picture: up: [1-9]\d* kB in \d+; back: [1-9]\d* kB/);
    const times = await page
      .locator('#profile-body table:has-text("Layers") meter')
      .evaluateAll((meters) =>
        meters.map((meter) => (meter as unknown as { value: number }).value),
      );
    expect(times).to.have.length(8);
    times.forEach((time, i) => expect(time).to.be.within(0.001, times[i - 1] ?? Infinity));
    expect(await page.textContent('#camera-text')).to.equal('Camera');
  });

  it('says so of a film that it cannot play, and keeps what it shows', async () => {
    const { page } = visit;
    await visit.openAsync();
    for (const choose of [
      () => page.evaluate(SOUND),
      () => visit.dropAsync('broken.mp4', 'video/mp4'),
    ]) {
      await choose();
      await visit.shownAsync('#problem');
      expect(await page.textContent('#problem')).to.match(/video cannot be played.*WebM/s);
      expect(await page.locator('video').count()).to.equal(0);
      expect((await visit.savedOfAsync('masks.jpg', 512)).faces).to.have.length.at.least(3);
      await page.click('#problem-close');
      await visit.shownAsync('#problem', false);
    }
  });
});
