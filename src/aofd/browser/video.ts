/** Detection in the frames of a video. */
import type { Detection, Detector } from '../detect/detector.js';
import { passGeometry, type PassGeometry, type PreparedPass } from '../detect/prepare.js';
import type { DetectSettings } from '../detect/settings.js';
import { BrowserError } from './errors.js';
import { readableContext, readPixels, sizeOf, type ReadableContext } from './pixels.js';

/** What was found in one frame. */
export interface FrameDetection extends Detection {
  /** When the frame is shown, in seconds of the video's own time. */
  mediaTime: number;
}

/** Canvas and network input for frames of one size, used again for each. */
interface FrameMemory {
  key: string;
  geometry: PassGeometry;
  context: ReadableContext;
  data: Float32Array;
}

/**
 * Detects faces frame by frame; made by `Detector.forVideo`. The browser shrinks each frame to the network's
 * size, so boxes may differ by fractions of a pixel from `detectAsync`, which shrinks in float64, and there is no closer
 * look at small faces.
 *
 * ```ts
 * for await (const { faces } of detector.forVideo(video)) draw(faces);
 * ```
 */
export class VideoDetector implements AsyncIterable<FrameDetection> {
  readonly video: HTMLVideoElement;
  /** May be changed between frames. */
  settings: DetectSettings;
  readonly #core: Detector;
  #memory: FrameMemory | null = null;
  readonly #frames: Frames;

  constructor(core: Detector, video: HTMLVideoElement, settings: DetectSettings) {
    this.#core = core;
    this.video = video;
    this.settings = settings;
    this.#frames = new Frames(video);
  }

  /**
   * The faces of the next frame: waits for one that was not looked at yet, and skips those that passed
   * meanwhile. One call at a time. Null when the video has ended.
   * @throws BrowserError `video` where it cannot be played, `picture-cross-origin` where pixels are not given
   */
  async nextAsync(): Promise<FrameDetection | null> {
    const { video } = this;
    const mediaTime = await this.#frames.nextAsync();
    if (mediaTime === null) return null;
    const start = performance.now();
    const { width, height } = sizeOf(video);
    const pass = this.#prepare(width, height);
    const prepared = { width, height, passes: [pass], timeMs: performance.now() - start };
    const { scales: _scales, flip: _flip, ...settings } = this.settings;
    return { ...(await this.#core.detectPreparedAsync(prepared, settings)), mediaTime };
  }

  /** Every frame that there is time for, until the video ends or the loop is left. */
  async *[Symbol.asyncIterator](): AsyncGenerator<FrameDetection> {
    for (;;) {
      const found = await this.nextAsync();
      if (found === null) return;
      yield found;
    }
  }

  /** The present frame as the network's input. */
  #prepare(width: number, height: number): PreparedPass {
    const { input } = this.#core.config;
    const [factor = 1] = this.settings.scales ?? this.#core.settings.scales;
    const key = `${width}x${height}x${factor}`;
    if (this.#memory?.key !== key) {
      const geometry = passGeometry({ width, height }, input, factor);
      const context = readableContext(geometry.contentWidth, geometry.contentHeight);
      context.imageSmoothingQuality = 'medium';
      const data = new Float32Array(geometry.width * geometry.height * 4);
      this.#memory = { key, geometry, context, data };
    }
    const { geometry, context, data } = this.#memory;
    const { contentWidth, contentHeight } = geometry;
    const rgba = readPixels(context, this.video, contentWidth, contentHeight);
    const lanes = input.channelOrder === 'bgr' ? [2, 1, 0] : [0, 1, 2];
    lanes.forEach((lane, channel) => {
      const [mean = 0, std = 1] = [input.mean[lane], input.std[lane]];
      for (let y = 0; y < contentHeight; y++) {
        let to = y * geometry.width * 4 + lane;
        for (
          let i = y * contentWidth * 4 + channel, n = 0;
          n < contentWidth;
          n++, i += 4, to += 4
        ) {
          data[to] = (rgba[i]! - mean) / std;
        }
      }
    });
    return { ...geometry, data, flip: false };
  }
}

/** Frames of a video, each once. */
class Frames {
  readonly #video: HTMLVideoElement;
  /** Whether one is to be taken: at first whichever the video shows. */
  #isNew = true;
  /** Time of the one taken last; decides where the browser does not tell of frames. */
  #taken = -1;
  #wake: (() => void) | null = null;
  /** Whether the browser tells of frames. */
  readonly #tells: boolean;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.#tells = 'requestVideoFrameCallback' in video;
  }

  /** Waits for a frame that was not taken; its time in seconds, or null at the end of the video. */
  async nextAsync(): Promise<number | null> {
    const video = this.#video;
    for (;;) {
      if (video.error) {
        throw new BrowserError('video', `the video cannot be played (${video.error.message}).`, {
          fix: 'use a format that this browser plays, such as MP4 (H.264) or WebM.',
        });
      }
      const isReady = video.readyState >= video.HAVE_CURRENT_DATA;
      if (isReady && this.#isNew) return this.#take();
      if (video.ended) return null;
      await this.#wokenAsync();
    }
  }

  #take(): number {
    const { currentTime } = this.#video;
    this.#isNew = false;
    this.#taken = currentTime;
    // The clock runs on between frames, so the browser is asked for the next one, once: a detector that is
    // no longer used leaves nothing behind.
    if (this.#tells) {
      this.#video.requestVideoFrameCallback(() => {
        this.#isNew = true;
        this.#wake?.();
      });
    }
    return currentTime;
  }

  /** Resolves with the next frame or, since a video may end or fail meanwhile, soon. */
  #wokenAsync(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(stop);
        this.#wake = null;
        if (!this.#tells) this.#isNew ||= this.#video.currentTime !== this.#taken;
        resolve();
      };
      const stop = setTimeout(done, 100);
      if (this.#tells) this.#wake = done;
      else requestAnimationFrame(done);
    });
  }
}
