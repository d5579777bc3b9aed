/** Training in the page: buttons, the live curve, and answers on faces kept aside. */
import { Device } from '../../../../src/nn/browser.js';
import { byId, contextOf, make, percent } from '../dom.js';
import { plainMessage, type PlainMessage } from '../messages.js';
import { download } from '../save.js';
import { drawChart } from './chart.js';
import { makeBatch, SIDE, type FaceBatch, type FaceSource } from './faces-set.js';
import { SmallNetwork } from './small-network.js';

const BATCH = 32;
const UPDATES = 400;
/** Updates between two tests. */
const TEST_EVERY = 20;
const TEST_SIZE = 64;
/** Tested faces that are shown. */
const SHOWN = 12;

export class TrainingView {
  readonly #train = byId('train', HTMLButtonElement);
  readonly #reset = byId('reset', HTMLButtonElement);
  readonly #save = byId('checkpoint', HTMLButtonElement);
  readonly #text = byId('curve-text', HTMLElement);
  readonly #problem = byId('train-problem', HTMLElement);
  /** Faces to train on, and those kept aside. */
  #sources: { train: FaceSource[]; test: FaceSource[] } | null = null;
  #device: Device | null = null;
  #network: SmallNetwork | null = null;
  #losses: [number, number][] = [];
  #accuracies: [number, number][] = [];
  #state: 'idle' | 'running' | 'stopping' = 'idle';
  /** Counts the runs, so that what is left of an earlier one touches nothing. */
  #run = 0;
  #isRefused = false;

  constructor() {
    const onError = (error: unknown): void => this.#showProblem(plainMessage(error));
    this.#train.addEventListener('click', () => {
      this.#toggleAsync().catch(onError);
    });
    this.#reset.addEventListener('click', () => this.#startOver());
    this.#save.addEventListener('click', () => {
      this.#saveAsync().catch(onError);
    });
    new ResizeObserver(() => this.#draw()).observe(
      byId('curve', HTMLCanvasElement).parentElement as Element,
    );
  }

  /** Every fourth face is kept aside. */
  setSources(sources: readonly FaceSource[]): void {
    this.#sources = {
      train: sources.filter((_, i) => i % 4 !== 3),
      test: sources.filter((_, i) => i % 4 === 3),
    };
    this.#text.textContent = `${this.#sources.train.length} faces to train on, ${this.#sources.test.length} kept aside`;
    this.#show();
  }

  /** Where no training is possible: says why. */
  refuse(why: PlainMessage): void {
    this.#isRefused = true;
    this.#showProblem(why);
    this.#show();
  }

  #showProblem({ title, fix }: PlainMessage): void {
    this.#problem.textContent = `${title} ${fix}`;
    this.#problem.hidden = false;
  }

  async #toggleAsync(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'stopping'; // the update that runs now is still waited for
      this.#show();
      return;
    }
    if (this.#losses.length >= UPDATES) this.#startOver();
    await this.#runAsync();
  }

  #startOver(): void {
    this.#run++;
    this.#state = 'idle';
    this.#network?.dispose();
    this.#network = null;
    this.#losses = [];
    this.#accuracies = [];
    this.#draw();
  }

  async #runAsync(): Promise<void> {
    const sources = this.#sources;
    if (!sources) return;
    const own = ++this.#run;
    this.#state = 'running';
    this.#problem.hidden = true;
    this.#show();
    try {
      const device = (this.#device ??= await Device.createAsync());
      if (own !== this.#run) return;
      const network = (this.#network ??= new SmallNetwork(device, 1));
      // Not after "Start over": the network is disposed then, and the curve another one's.
      const isMine = (): boolean => own === this.#run && this.#network === network;
      await this.#updatesAsync(network, sources, isMine);
    } catch (error) {
      if (own === this.#run) throw error; // else: of a network that was given up
    } finally {
      if (own === this.#run) {
        this.#state = 'idle';
        this.#draw();
      }
    }
  }

  async #updatesAsync(
    network: SmallNetwork,
    sources: { train: FaceSource[]; test: FaceSource[] },
    isMine: () => boolean,
  ): Promise<void> {
    const test = makeBatch(sources.test, TEST_SIZE, [1, 0]);
    while (this.#state === 'running' && network.steps < UPDATES) {
      const step = network.steps;
      if (step % TEST_EVERY === 0) await this.#testAsync(network, test, isMine);
      if (!isMine()) return;
      const loss = await network.trainAsync(makeBatch(sources.train, BATCH, [0, step]));
      if (!isMine()) return;
      this.#losses.push([step + 1, loss]);
      if (step % 4 === 0) this.#draw();
    }
    await this.#testAsync(network, test, isMine);
  }

  async #testAsync(network: SmallNetwork, test: FaceBatch, isMine: () => boolean): Promise<void> {
    const answers = await network.answersAsync(test);
    if (!isMine()) return;
    const right = test.labels.filter((label, i) => (answers[i]! > 0.5 ? 1 : 0) === label).length;
    this.#accuracies.push([network.steps, right / TEST_SIZE]);
    showAnswers(test, answers);
    this.#draw();
  }

  async #saveAsync(): Promise<void> {
    const network = this.#network;
    if (!network) return;
    const bytes = await network.checkpointAsync();
    download(`covered-${network.steps}.safetensors`, new Blob([bytes.slice()]));
  }

  #draw(): void {
    const smooth = this.#losses.map(([step], i): [number, number] => {
      const near = this.#losses.slice(Math.max(0, i - 9), i + 1);
      return [step, near.reduce((sum, [, loss]) => sum + loss, 0) / near.length];
    });
    drawChart(
      byId('curve', HTMLCanvasElement),
      [
        { color: '--line', points: this.#losses },
        { color: '--accent', points: smooth, name: 'loss' },
        { color: '--clear', points: this.#accuracies, name: 'share right' },
      ],
      {
        x: [0, UPDATES],
        y: [0, 1.05],
        xLabel: `updates, 0 to ${UPDATES}`,
        yTicks: [[0, '0'], [0.5, '0.5'], [1, '1']], // prettier-ignore
      },
    );
    this.#show(smooth.at(-1)?.[1]);
  }

  #show(loss?: number): void {
    const steps = this.#losses.length;
    const isDone = steps >= UPDATES;
    const idle = isDone ? 'Train again' : steps > 0 ? 'Continue' : 'Train';
    this.#train.textContent = { idle, running: 'Stop', stopping: 'Stopping …' }[this.#state];
    this.#train.disabled = this.#isRefused || !this.#sources || this.#state === 'stopping';
    this.#reset.disabled = steps === 0;
    this.#save.disabled = steps === 0;
    if (loss === undefined) return;
    const accuracy = this.#accuracies.at(-1)?.[1] ?? 0;
    this.#text.textContent = `Update ${steps} of ${UPDATES}: loss ${loss.toFixed(3)}, right on ${percent(accuracy)} of the pictures kept aside`;
  }
}

/** Some tested pictures with what the network says. */
function showAnswers({ pixels, labels }: FaceBatch, answers: Float32Array): void {
  const tiles = Array.from({ length: SHOWN }, (_, n) => {
    const canvas = make('canvas', { width: SIDE, height: SIDE });
    const picture = new ImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) {
      for (let c = 0; c < 3; c++) {
        picture.data[4 * i + c] = (pixels[(3 * n + c) * SIDE * SIDE + i]! + 1) * 127.5;
      }
      picture.data[4 * i + 3] = 255;
    }
    contextOf(canvas).putImageData(picture, 0, 0);
    const covered = answers[n]!;
    const isRight = (covered > 0.5 ? 1 : 0) === labels[n];
    const said = covered > 0.5 ? `covered ${percent(covered)}` : `free ${percent(1 - covered)}`;
    const text = make(
      'p',
      { className: isRight ? 'right' : 'wrong' },
      `${isRight ? '✓' : '✗'} ${said}`,
    );
    return make('div', {}, canvas, text);
  });
  byId('answers', HTMLElement).replaceChildren(...tiles);
}
