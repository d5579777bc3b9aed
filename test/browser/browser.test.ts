import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { gzipSync } from 'node:zlib';
import { bundleBrowserAsync, filesOf } from '../../scripts/browser-bundle.js';
import { chromiumForAsync } from '../helpers/chromium.js';
import { STORED_CURVE } from '../helpers/tiny-run.js';
import { COMPARED, nodeFacesAsync } from './node-faces.js';
import type { Outcome } from './outcome.js';
import { serveAsync, type Site } from './site.js';

function expectSame(found: Outcome | undefined, expected: Outcome | undefined, name: string): void {
  expect([found?.width, found?.height], name).to.deep.equal([expected?.width, expected?.height]);
  expect(found?.faces, name).to.have.length(expected?.faces.length ?? -1);
  found?.faces.forEach((face, i) => {
    const other = expected!.faces[i]!;
    // Adapters round differently; decoders of JPEG agree to the bit.
    face.box.forEach((v, k) => expect(v, name).to.be.closeTo(other.box[k]!, 0.01));
    expect(face.score, name).to.be.closeTo(other.score, 1e-5);
    expect(face.ratio, name).to.be.closeTo(other.ratio!, 1e-3);
  });
}

describe('bundle for browsers', () => {
  it('is at most 110 KB gzipped, and names nothing of Node', async () => {
    const files = await bundleBrowserAsync();
    const sizes = ['aofd.js', 'inspect.js', 'nn.js'].map((name) => {
      const parts = filesOf(name, files);
      for (const { contents } of parts) {
        const text = Buffer.from(contents).toString();
        expect(text).to.not.match(/["']node:|require\(/);
      }
      return parts.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
    });
    for (const size of sizes) expect(size).to.be.at.most(110e3);
  });
});

describe('a real browser', function () {
  this.timeout(300_000);
  let browser: Browser;
  let site: Site;
  let page: Page;
  /** What the browser wrote to its console. */
  const console: string[] = [];

  before(async function () {
    browser = await chromiumForAsync(this);
    site = await serveAsync();
  });

  beforeEach(async () => {
    console.length = 0;
    page = await browser.newPage();
    page.on('console', (message) => console.push(message.text()));
    page.on('pageerror', (error) => console.push(String(error)));
    await page.goto(site.origin);
  });

  afterEach(() => page.close());

  after(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  /** Calls a function of test/browser/page/detect.ts in the page. */
  async function call<T>(name: string, argument: unknown = null): Promise<T> {
    const code = `import('/test/detect.js').then(() => tests.${name}(${JSON.stringify(argument)}))`;
    return (await page.evaluate(code)) as T;
  }

  it('finds the faces that Node finds, in the page and in a module worker', async () => {
    const expected = await nodeFacesAsync();
    site.requests.length = 0;
    const { found, progress, adapter } = await call<{
      found: Outcome[];
      progress: { phase: string; loaded?: number; total?: number }[];
      adapter: Record<string, unknown>;
    }>('photographsAsync', COMPARED);
    found.forEach((outcome, i) => expectSame(outcome, expected[i], `sample${COMPARED[i]}.jpg`));
    expect(expected.flatMap(({ faces }) => faces)).to.have.length.greaterThan(4);
    // The default weights lie beside the module; progress runs from download to ready.
    expect(site.requests).to.include('/aofd/aofd-lite.web.safetensors');
    const phases = [...new Set(progress.map(({ phase }) => phase))];
    expect(phases).to.deep.equal(['download', 'compile', 'ready']);
    const last = progress.filter(({ phase }) => phase === 'download').at(-1);
    expect(last?.loaded).to.equal(last?.total).and.greaterThan(1e6);
    expect(adapter).to.include({ isSoftware: true, kind: 'swiftshader' });
    expect(adapter['notice']).to.match(/No GPU .* maxSize/);
    expectSame(await call('workerAsync'), expected[0], 'worker');
    // Nothing that the policy `default-src 'self'` forbids, nor any other complaint.
    expect(console).to.deep.equal([]);
  });

  it('takes pictures in every form that pages have', async () => {
    const found = await call<Record<string, { box: number[] }[]>>('sourcesAsync');
    const { address, ...others } = found;
    expect(address).to.have.length.greaterThan(1);
    expect(Object.keys(others)).to.have.length(8);
    for (const [name, faces] of Object.entries(others)) {
      expect(faces, name).to.have.length(address!.length);
      faces.forEach(({ box }, i) => {
        // A VideoFrame may pass through another colour space; the rest are the same pixels.
        const tolerance = name === 'frame' ? 2 : 0.01;
        box.forEach((v, k) => expect(v, name).to.be.closeTo(address![i]!.box[k]!, tolerance));
      });
    }
  });

  it('takes settings by call, weights as bytes and an adapter of the page', async () => {
    const counts = await call<Record<string, number>>('settingsAsync');
    expect(counts['plain']).to.be.greaterThan(2);
    expect(counts['strict']).to.equal(0);
    expect(counts['tiny']).to.be.lessThan(counts['plain']!);
    expect(counts['mirrored']).to.be.at.least(2);
    expect(counts['hidden']).to.equal(0);
  });

  it('computes every layer as its float64 reference', async () => {
    const { passed, rows, failed, tensors } = await call<{
      passed: boolean;
      rows: number;
      failed: string[];
      tensors: string[];
    }>('layersAsync');
    expect(failed).to.deep.equal([]);
    expect(passed).to.equal(true);
    expect(rows).to.be.greaterThan(50);
    expect(tensors).to.include.members(['input', 'proposals/boxes', 'segmentation/logits']);
  });

  it('trains along the stored loss curve', async () => {
    const code = `import('/test/train.js').then(() => training.curveAsync())`;
    const curve = (await page.evaluate(code)) as number[];
    expect(curve).to.have.length(STORED_CURVE.length);
    curve.forEach((loss, step) => {
      const stored = STORED_CURVE[step]!;
      expect(loss, `step ${step}`).to.be.closeTo(stored, 0.01 * stored);
    });
  });

  it('draws faces on a canvas', async () => {
    const { changed, faces } = await call<{ changed: number; faces: number }>('drawingAsync');
    expect(faces).to.be.greaterThan(1);
    expect(changed).to.be.greaterThan(1000);
  });

  it('looks at the frames of a video, with the same memory for each', async () => {
    const { frames, made, still } = await call<{
      frames: { box: number[] }[][];
      made: number[];
      still: string[];
    }>('videoAsync');
    expect(still, 'a frame that stays is seen once').to.deep.equal(['present', 'drawn', 'next']);
    expect(frames).to.have.length(4);
    for (const faces of frames) expect(faces).to.have.length.greaterThan(1);
    expect(made[3]).to.equal(made[1]);
  });

  it('says what is wrong and what to do', async () => {
    const errors = await call<Record<string, { code: string; message: string }>>('errorsAsync');
    const codes = Object.fromEntries(
      Object.entries(errors).map(([name, { code }]) => [name, code]),
    );
    expect(codes).to.deep.equal({
      'no file': 'weights-download',
      'a page': 'weights-download',
      'no weights': 'io/format',
      empty: 'picture',
      missing: 'picture',
      'no picture': 'picture',
      null: 'picture',
      bytes: 'picture',
      'broken image': 'picture',
      'no size': 'settings',
      'no size at all': 'settings',
      settings: 'settings',
      lost: 'device-lost',
      disposed: 'use-after-free',
    });
    for (const [name, { message }] of Object.entries(errors)) {
      expect(message, name).to.match(/Fix: /);
    }
  });

  it('says so where there is no WebGPU, or only for other pages', async () => {
    await page.addInitScript('Object.defineProperty(navigator, "gpu", { value: undefined })');
    await page.goto(site.origin);
    const create = `import('/aofd/aofd.js').then((m) => m.Detector.createAsync()).catch((e) => [e.code, e.message])`;
    site.requests.length = 0;
    const [code, message] = (await page.evaluate(create)) as [string, string];
    expect(code).to.equal('no-webgpu');
    expect(message).to.match(/Fix: use a current Chrome/);
    // An address that is neither https nor localhost.
    await page.route('http://plain.test/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: site.origin + pathname }) });
    });
    await page.goto('http://plain.test/');
    const [other, text] = (await page.evaluate(create)) as [string, string];
    expect(other).to.equal('insecure-context');
    expect(text).to.match(/https/);
    // Nothing was downloaded for nothing.
    expect(site.requests.filter((name) => name.endsWith('.safetensors'))).to.deep.equal([]);
  });
});
