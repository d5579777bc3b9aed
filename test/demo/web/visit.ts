/** The demo pages, built and served, and a real browser that visits them. */
import { expect } from 'chai';
import * as fs from 'node:fs';
import type { Browser, Download, Page } from 'playwright-core';
import { buildPageAsync } from '../../../demo/web/scripts/bundle.js';
import { serveAsync } from '../../../demo/web/scripts/server.js';
import type { FaceRecord } from '../../../src/aofd/detect/faces.js';
import { chromiumForAsync } from '../../helpers/chromium.js';
import { useSuiteFolder, type TempFolder } from '../../helpers/temp-folder.js';

/** Software adapters need seconds for a look. */
export const PATIENCE = { timeout: 120_000 };

/** What the page's JSON holds. */
export interface Saved {
  picture: { name: string; width: number };
  settings: { maxSize: number };
  faces: FaceRecord[];
}

/** A page of its own for each test of a suite; the pages are built once. */
export class Visit {
  readonly at: TempFolder = useSuiteFolder();
  #site: Awaited<ReturnType<typeof serveAsync>> | undefined;
  #browser: Browser | undefined;
  #page: Page | undefined;
  /** What the page wrote to the console, and requests that left this machine. */
  readonly #complaints: string[] = [];

  /** @param flagsAsync flags of the browser, and what else is to be done once the pages are built */
  constructor(flagsAsync?: (visit: Visit) => Promise<string[]>) {
    const start = async (context: Mocha.Context): Promise<void> => {
      // Where it does not start nothing need be built, unless its flags name what is.
      if (!flagsAsync) this.#browser = await chromiumForAsync(context);
      await buildPageAsync(this.at('web'));
      this.#browser ??= await chromiumForAsync(context, await flagsAsync!(this));
      this.#site = await serveAsync(this.at('web'), 0);
    };
    before(function () {
      return start(this);
    });
    beforeEach(() => this.#beginAsync());
    afterEach(async () => {
      await this.page.close();
      expect(this.#complaints).to.deep.equal([]);
    });
    after(async () => {
      await this.#browser?.close();
      await this.#site?.closeAsync();
    });
  }

  get page(): Page {
    return this.#page!;
  }

  /** Where the pages are. */
  get address(): string {
    return this.#site!.address;
  }

  async #beginAsync(): Promise<void> {
    const complaints = this.#complaints;
    complaints.length = 0;
    const page = await this.#browser!.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      // Videos that were chosen, and downloads, have addresses of the page's own (blob:).
      const address = request.url().replace(/^blob:/, '');
      if (!address.startsWith(this.address)) complaints.push(request.url());
    });
    this.#page = page;
  }

  /** Waits for a condition in the page; as a function, since its policy forbids evaluating text. */
  async untilAsync(condition: string): Promise<void> {
    const isMet = new Function(`return (${condition})`) as () => boolean;
    await this.page.waitForFunction(isMet, null, PATIENCE);
  }

  /** Waits until an element has some text. */
  async saysAsync(selector: string, text: string): Promise<void> {
    await this.untilAsync(
      `document.querySelector('${selector}').textContent.includes(${JSON.stringify(text)})`,
    );
  }

  /** Waits until an element is shown, or is not. */
  async shownAsync(selector: string, isShown = true): Promise<void> {
    await this.page.waitForSelector(selector, {
      state: isShown ? 'visible' : 'hidden',
      ...PATIENCE,
    });
  }

  /** Opens the first page and waits until the browser itself has looked. */
  async openAsync(): Promise<void> {
    await this.page.goto(this.address);
    await this.untilAsync("document.querySelector('#meter-time').textContent !== ''");
  }

  /** Saves the numbers of what is shown. */
  async savedAsync(): Promise<Saved> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.click('#save-json'),
    ]);
    return JSON.parse((await contentAsync(download)).toString()) as Saved;
  }

  /** Saves once the page has looked at the chosen size; the result must be of that picture. */
  async savedOfAsync(name: string, maxSize: number): Promise<Saved> {
    await this.untilAsync(
      `document.querySelector('#busy').hidden && document.querySelector('#size-value').value === '${maxSize} px'`,
    );
    const saved = await this.savedAsync();
    expect([saved.picture.name, saved.settings.maxSize]).to.deep.equal([name, maxSize]);
    return saved;
  }

  /** Drops a file of the site, or some text, onto the page. */
  async dropAsync(name: string, type: string, address?: string): Promise<void> {
    const content = address ? `await (await fetch('${address}')).blob()` : "'no picture'";
    await this.page.evaluate(`(async () => {
      const files = new DataTransfer();
      files.items.add(new File([${content}], '${name}', { type: '${type}' }));
      const event = { bubbles: true, cancelable: true, dataTransfer: files };
      for (const kind of ['dragover', 'drop']) {
        document.querySelector('#stage').dispatchEvent(new DragEvent(kind, event));
      }
    })()`);
  }
}

/** What was downloaded. */
export async function contentAsync(download: Download): Promise<Buffer> {
  return fs.readFileSync(await download.path());
}
