/** What the first page does: one picture or feed at a time goes through the detector and onto the stage. */
import type { OccluderKind } from '../../../src/aofd/config/occluder-kinds.js';
import type { Analysis, DetectChoices } from './analysis.js';
import { SteadyVerdict, verdictOf, verdictText } from './check.js';
import { byId, duration } from './dom.js';
import { sizesFor, type Detector, type PageFace, type Sizes } from './engine.js';
import { FacesList, spoken } from './faces-list.js';
import type { LiveFeed } from './live.js';
import { Stage, type Scene } from './stage.js';
import type { Still } from './still.js';
import { Rate, StageTimes } from './timing.js';

/** A video's detector, and the choices that it was made for. */
interface VideoLook {
  choices: string;
  detector: ReturnType<Detector['forVideo']>;
}

export type Mode = 'find' | 'check';

/** Milliseconds for which a verdict on moving pictures must hold before it shows. */
const STEADY = 250;
/** Milliseconds between two announcements to screen readers while pictures move. */
const SPEAK_EVERY = 3000;

export class App {
  readonly stage = new Stage();
  /** Where the time of live frames goes. */
  readonly times = new StageTimes();
  /** Set by the page's controls; a size of null means what suits the machine. */
  readonly choices: { score: number; size: number | null } = { score: 0.5, size: null };
  isMirrored = true;
  /** Called after every result. */
  onResult: (analysis: Analysis) => void = () => undefined;
  onError: (error: unknown) => void = () => undefined;
  readonly #faces = new FacesList((index) => this.stage.highlight(index));
  readonly #meterTime = byId('meter-time', HTMLElement);
  readonly #meterRate = byId('meter-rate', HTMLElement);
  readonly #status = byId('status', HTMLElement);
  #mode: Mode = 'find';
  #detector: Detector | null = null;
  #still: Still | null = null;
  /** Faces of the still before anything was put over them. */
  #bareFaces: readonly PageFace[] = [];
  #live: LiveFeed | null = null;
  #analysis: Analysis | null = null;
  #steady = new SteadyVerdict(STEADY);
  #isLooking = false;
  #isStale = false;
  #spokenAt = -Infinity;

  get analysis(): Analysis | null {
    return this.#analysis;
  }

  get still(): Still | null {
    return this.#still;
  }

  get live(): LiveFeed | null {
    return this.#live;
  }

  get detector(): Detector | null {
    return this.#detector;
  }

  get sizes(): Sizes | null {
    return this.#detector && sizesFor(this.#detector.adapterInfo);
  }

  /** The size in use for what is shown. */
  get size(): number {
    const { still, live } = this.sizes ?? { still: 640, live: 640 };
    return this.choices.size ?? (this.#live ? live : still);
  }

  /** From now on there is something to compute with. */
  start(detector: Detector): void {
    this.#detector = detector;
    this.look();
  }

  setMode(mode: Mode): void {
    this.#mode = mode;
    this.#steady = new SteadyVerdict(STEADY);
    this.#judge();
  }

  /** Shows a photograph; `stored` are faces to show until the detector has looked itself. */
  showStill(still: Still, stored: readonly PageFace[] | null = null): void {
    this.closeLive();
    this.#still = still;
    this.#bareFaces = [];
    this.#analysis = null;
    const faces = stored ?? [];
    this.#present({ picture: still.canvas, faces, width: still.canvas.width, mirrored: false });
    this.stage.note(stored && !this.#detector ? 'Stored result' : '');
    if (stored) this.#bareFaces = stored;
    this.look();
  }

  /** Runs a feed until it is closed or another picture is shown. */
  async showLiveAsync(feed: LiveFeed): Promise<void> {
    this.closeLive();
    this.#live = feed;
    this.#still = null;
    this.#steady = new SteadyVerdict(STEADY);
    this.times.clear();
    this.stage.note('');
    try {
      await this.#runAsync(feed);
    } catch (error) {
      if (this.#live === feed) this.onError(error);
    } finally {
      feed.close();
      if (this.#live === feed) this.closeLive();
    }
  }

  closeLive(): void {
    this.#live?.close();
    this.#live = null;
    this.#meterRate.textContent = '';
  }

  cover(kind: OccluderKind): void {
    const still = this.#still;
    if (!still || this.#bareFaces.length === 0) return;
    still.cover(
      kind,
      this.#bareFaces.map((face) => [...face.box]),
    );
    this.#redrawStill();
    this.look();
  }

  uncover(): void {
    this.#still?.uncover();
    this.#redrawStill();
    this.look();
  }

  /** The still was drawn on: shows it with the faces known so far. */
  #redrawStill(): void {
    if (!this.#still) return;
    const faces = this.#analysis?.faces ?? [];
    const { canvas } = this.#still;
    this.stage.show({ picture: canvas, faces, width: canvas.width, mirrored: false });
  }

  /** Draws with the brush and shows it. */
  brush(x: number, y: number, width: number, isStart: boolean): void {
    if (isStart) this.#still?.beginStroke(x, y, width);
    else this.#still?.continueStroke(x, y);
    this.#redrawStill();
  }

  /** Looks at the still again, once the look under way is over. */
  look(): void {
    this.#isStale = true;
    if (!this.#isLooking) void this.#lookAsync();
  }

  async #lookAsync(): Promise<void> {
    this.#isLooking = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#lookOnceAsync();
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.#isLooking = false;
      this.stage.busy('');
    }
  }

  async #lookOnceAsync(): Promise<void> {
    const [detector, still] = [this.#detector, this.#still];
    if (!detector || !still) {
      // A paused video is looked at like a photograph.
      const feed = this.#live;
      if (!detector || !feed?.video.paused || feed.frame.width < 2) return;
      const found = await detector.detectAsync(feed.frame, this.#choices());
      if (this.#live === feed) this.#accept(feed.name, found, this.#liveScene(feed, found));
      return;
    }
    if (detector.adapterInfo.isSoftware) this.stage.busy('Looking …');
    const choices = this.#choices();
    const found = await detector.detectAsync(still.canvas, choices);
    if (this.#still !== still) return;
    if (!still.isCovered) this.#bareFaces = found.faces;
    const { width } = still.canvas;
    const scene = { picture: still.canvas, faces: found.faces, width, mirrored: false };
    this.#accept(still.name, found, scene);
  }

  async #runAsync(feed: LiveFeed): Promise<void> {
    const rate = new Rate();
    let frames: VideoLook | null = null;
    let before = performance.now();
    const lap = (stage: string): void => {
      const now = performance.now();
      this.times.add(stage, now - before);
      before = now;
    };
    while (await feed.takeFrameAsync()) {
      lap('waiting for a frame and copying it');
      const detector = this.#detector;
      if (!detector) {
        // Until the detector is loaded, the picture moves at least.
        this.#present({ ...this.#liveScene(feed, { width: feed.frame.width, faces: [] }) });
        continue;
      }
      const choices = JSON.stringify(this.#choices());
      if (!frames || frames.choices !== choices) {
        frames = { choices, detector: detector.forVideo(feed.video, this.#choices()) };
      }
      // The frame that was just copied is still the present one: this waits for no other.
      const found = await frames.detector.nextAsync();
      lap('detector, from pixels to faces');
      if (!found || this.#live !== feed) continue;
      this.#accept(feed.name, found, this.#liveScene(feed, found));
      const perSecond = rate.tick(performance.now());
      if (perSecond !== null) this.#meterRate.textContent = framesText(perSecond);
      lap('drawing');
    }
  }

  #choices(): DetectChoices {
    return { score: this.choices.score, maxSize: this.size };
  }

  #liveScene(feed: LiveFeed, found: { width: number; faces: readonly PageFace[] }): Scene {
    const mirrored = feed.isCamera && this.isMirrored;
    return { picture: feed.frame, faces: found.faces, width: found.width, mirrored };
  }

  #accept(
    name: string,
    found: { faces: readonly PageFace[]; timeMs: number; width: number; height: number },
    scene: Scene,
  ): void {
    const { faces, timeMs, width, height } = found;
    this.#analysis = { name, width, height, faces, timeMs, settings: this.#choices() };
    this.stage.note('');
    this.#present(scene);
    this.#meterTime.textContent = duration(timeMs);
    const now = performance.now();
    if (!this.#live || now - this.#spokenAt > SPEAK_EVERY) {
      this.#spokenAt = now;
      const verdict = this.#mode === 'check' ? `${verdictText(verdictOf(faces), faces)}. ` : '';
      this.#status.textContent = verdict + spoken(faces);
    }
    this.onResult(this.#analysis);
  }

  #present(scene: Scene): void {
    this.stage.show(scene);
    this.#faces.show(scene);
    this.#judge(scene.faces);
  }

  #judge(faces: readonly PageFace[] = this.#analysis?.faces ?? this.#bareFaces): void {
    if (this.#mode === 'find') {
      this.stage.verdict(null);
      return;
    }
    const verdict = this.#live ? this.#steady.next(faces, performance.now()) : verdictOf(faces);
    this.stage.verdict(verdict, verdictText(verdict, faces));
  }
}

function framesText(perSecond: number): string {
  return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} frames/s`;
}
