/** What the first page does: one picture or feed at a time goes through the detector and onto the stage. */
import type { OccluderKind } from '../../../src/aofd/config/occluder-kinds.js';
import type { Analysis, DetectChoices } from './analysis.js';
import { SteadyVerdict, verdictOf, verdictText, type Verdict } from './check.js';
import { byId, duration } from './dom.js';
import { sizesFor, type Detector, type PageFace, type Sizes } from './engine.js';
import { FacesList, spoken } from './faces-list.js';
import type { LiveFeed } from './live.js';
import { Stage, type Scene } from './stage.js';
import type { Still } from './still.js';
import { Rate, StageTimes } from './timing.js';

/** A video's detector, and the choices that it was made for. */
interface VideoLook {
  choices: DetectChoices;
  detector: ReturnType<Detector['forVideo']>;
}

export type Mode = 'find' | 'check';

/** Milliseconds for which a verdict on moving pictures must hold before it shows. */
const STEADY = 250;
/** Milliseconds until a new count of faces is announced to screen readers while pictures move. */
const SPEAK_EVERY = 3000;

export class App {
  readonly stage = new Stage();
  /** Where the time of live frames goes. */
  readonly times = new StageTimes();
  /** Set by the page's controls; without a size, what suits the machine. */
  readonly choices: { score: number; sizes: Partial<Sizes> } = { score: 0.5, sizes: {} };
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
  /** Faces of the still before anything was put over them; null where nobody has looked yet. */
  #bareFaces: readonly PageFace[] | null = null;
  #live: LiveFeed | null = null;
  #analysis: Analysis | null = null;
  #steady = new SteadyVerdict(STEADY);
  #isLooking = false;
  #isStale = false;
  /** What was announced last of what is shown. */
  #spoken: { verdict: Verdict | null; count: number; at: number } | null = null;
  #claims = 0;

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
    const sizes = { ...(this.sizes ?? { still: 640, live: 640 }), ...this.choices.sizes };
    return sizes[this.#sizeKind];
  }

  /** Chooses it; what suits a photograph may be too much for a camera. */
  set size(size: number) {
    this.choices.sizes[this.#sizeKind] = size;
  }

  get #sizeKind(): keyof Sizes {
    return this.#live ? 'live' : 'still';
  }

  /** Whether there are faces of a still to put something over. */
  get canCover(): boolean {
    return this.#still !== null && (this.#bareFaces?.length ?? 0) > 0;
  }

  /**
   * To be called before something is opened; the answer says whether it is still what the visitor chose last.
   * What is not must not be shown: pictures do not load in the order in which they are chosen.
   */
  claim(): () => boolean {
    const mine = ++this.#claims;
    return () => mine === this.#claims;
  }

  /** From now on there is something to compute with. */
  start(detector: Detector): void {
    this.#detector = detector;
    this.look();
  }

  setMode(mode: Mode): void {
    this.#mode = mode;
    this.#steady = new SteadyVerdict(STEADY);
    const faces = this.#analysis?.faces ?? this.#bareFaces;
    const verdict = this.#judge(faces);
    this.#spoken = null;
    if (faces) this.#announce(verdict, faces);
  }

  /** Shows a photograph; `stored` are faces to show until the detector has looked itself. */
  showStill(still: Still, stored: readonly PageFace[] | null = null): void {
    this.closeLive();
    this.#still = still;
    this.#bareFaces = stored;
    this.#analysis = null;
    const { canvas } = still;
    this.#present({ picture: canvas, faces: stored, width: canvas.width, mirrored: false });
    this.stage.note(stored && !this.#detector ? 'Stored result' : '');
    this.look();
  }

  /** Runs a feed until it is closed or another picture is shown. */
  async showLiveAsync(feed: LiveFeed): Promise<void> {
    this.closeLive();
    this.#live = feed;
    this.#still = null;
    this.#bareFaces = null;
    this.#analysis = null;
    this.#spoken = null;
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
    if (!this.#live) return;
    this.#live.close();
    this.#live = null;
    this.#meterRate.textContent = '';
    this.stage.verdict(null); // nobody is looked at any more
  }

  cover(kind: OccluderKind): void {
    const still = this.#still;
    const faces = this.#bareFaces;
    if (!still || !faces?.length) return;
    still.cover(
      kind,
      faces.map((face) => [...face.box]),
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
    const faces = this.#analysis?.faces ?? this.#bareFaces;
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
    while (this.#isStale) {
      this.#isStale = false;
      try {
        await this.#lookOnceAsync();
      } catch (error) {
        // Where something else is to be looked at by now, the failure is of nobody's interest.
        if (!this.#isStale) this.onError(error);
      }
    }
    this.#isLooking = false;
    this.stage.busy('');
  }

  async #lookOnceAsync(): Promise<void> {
    const [detector, still] = [this.#detector, this.#still];
    const choices = this.#choices();
    if (!detector || !still) {
      // A paused video is looked at like a photograph.
      const feed = this.#live;
      if (!detector || !feed?.video.paused || feed.frame.width < 2) return;
      const found = await detector.detectAsync(feed.frame, choices);
      if (this.#live === feed)
        this.#accept(feed.name, found, this.#liveScene(feed, found), choices);
      return;
    }
    if (detector.adapterInfo.isSoftware) this.stage.busy('Looking …');
    const wasBare = !still.isCovered; // it may be covered while the detector looks
    const found = await detector.detectAsync(still.canvas, choices);
    if (this.#still !== still) return;
    if (wasBare) this.#bareFaces = found.faces;
    const { width } = still.canvas;
    const scene = { picture: still.canvas, faces: found.faces, width, mirrored: false };
    this.#accept(still.name, found, scene, choices);
  }

  async #runAsync(feed: LiveFeed): Promise<void> {
    let rate = new Rate();
    let frames: VideoLook | null = null;
    let before = performance.now();
    const lap = (stage: string): void => {
      const now = performance.now();
      this.times.add(stage, now - before);
      before = now;
    };
    // A pause is no waiting for a frame.
    feed.video.addEventListener('play', () => {
      rate = new Rate();
      before = performance.now();
    });
    while (await feed.takeFrameAsync()) {
      if (feed.video.paused) before = performance.now();
      else lap('waiting for a frame and copying it');
      const detector = this.#detector;
      if (!detector) {
        // Until the detector is loaded, the picture moves at least.
        this.#present(this.#liveScene(feed, { width: feed.frame.width, faces: null }));
        continue;
      }
      const choices = this.#choices();
      if (JSON.stringify(frames?.choices) !== JSON.stringify(choices)) frames = null;
      frames ??= { choices, detector: detector.forVideo(feed.video, choices) };
      // The frame that was just copied is still the present one: this waits for no other.
      const found = await frames.detector.nextAsync();
      lap('detector, from pixels to faces');
      if (!found || this.#live !== feed) continue;
      this.#accept(feed.name, found, this.#liveScene(feed, found), choices);
      const perSecond = rate.tick(performance.now());
      if (perSecond !== null) this.#meterRate.textContent = framesText(perSecond);
      lap('drawing');
    }
  }

  #choices(): DetectChoices {
    return { score: this.choices.score, maxSize: this.size };
  }

  #liveScene(feed: LiveFeed, found: Pick<Scene, 'width' | 'faces'>): Scene {
    const mirrored = feed.isCamera && this.isMirrored;
    return { picture: feed.frame, faces: found.faces, width: found.width, mirrored };
  }

  #accept(
    name: string,
    found: { faces: readonly PageFace[]; timeMs: number; width: number; height: number },
    scene: Scene,
    settings: DetectChoices,
  ): void {
    const { faces, timeMs, width, height } = found;
    this.#analysis = { name, width, height, faces, timeMs, settings };
    this.stage.note('');
    const verdict = this.#present(scene);
    this.#meterTime.textContent = duration(timeMs);
    this.#announce(verdict, faces);
    this.onResult(this.#analysis);
  }

  /** Says it to those who hear the page: of moving pictures only what is new, and a new verdict at once. */
  #announce(verdict: Verdict | null, faces: readonly PageFace[]): void {
    const now = performance.now();
    const before = this.#spoken;
    const isSame = before !== null && verdict === before.verdict;
    const isCalm = isSame && (faces.length === before.count || now - before.at < SPEAK_EVERY);
    if (this.#live && isCalm) return;
    this.#spoken = { verdict, count: faces.length, at: now };
    this.#status.textContent = verdict ? `${verdictText(verdict, faces)}.` : spoken(faces);
  }

  /** Shows it; gives the verdict that is shown with it. */
  #present(scene: Scene): Verdict | null {
    this.stage.show(scene);
    this.#faces.show(scene);
    return this.#judge(scene.faces);
  }

  /** Shows the verdict on faces and gives it; none where nobody has looked, or looks any more. */
  #judge(faces: readonly PageFace[] | null): Verdict | null {
    const isShown = this.#live !== null || this.#still !== null;
    if (this.#mode === 'find' || !faces || !isShown) {
      this.stage.verdict(null);
      return null;
    }
    const verdict = this.#live ? this.#steady.next(faces, performance.now()) : verdictOf(faces);
    this.stage.verdict(verdict, verdictText(verdict, faces));
    return verdict;
  }
}

function framesText(perSecond: number): string {
  return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} frames/s`;
}
