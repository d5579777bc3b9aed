/** Other face detectors on the pictures that ours looks at. */
import { decodeImage, Detector } from '../../src/aofd/index.js';
import type { JobOptions } from '../jobs/options.js';
import { preparePicturesAsync } from '../jobs/pictures.js';
import { clockAsync, restAsync, type Clocked } from '../measure/clock.js';
import { figuresOf, type Figure } from '../measure/figure.js';
import { pairedRatio, timingOf } from '../measure/stats.js';
import type { Candidate, Picture } from './candidate.js';
import { faceApiAsync } from './face-api.js';
import { openOnnxDetectorAsync } from './onnx-detector.js';
import type { Ort } from './ort.js';
import type { Tf } from './tfjs.js';

const figure = figuresOf('peers');

export interface DetectorPeers {
  tf: Tf | null;
  ort: Ort | null;
  /** Detectors of the user's. */
  onnx: readonly { name: string; file: string }[];
}

/** Ours and the others in turns on 640x480 pictures, decoded beforehand. */
export async function detectorFiguresAsync(
  options: JobOptions,
  peers: DetectorPeers,
): Promise<Figure[]> {
  const count = options.isQuick ? 4 : 12;
  const set = await preparePicturesAsync(options.pictures, { width: 640, height: 480 }, count);
  const detector = await Detector.createAsync({ device: options.device });
  const candidates: Candidate[] = [
    {
      name: 'aofd lite',
      note: 'pixels to faces',
      detectAsync: async (picture) => (await detector.detectAsync(picture)).faces.length,
    },
  ];
  try {
    const pictures = await Promise.all(
      set.files.map(({ file }) => decodeImage(file, { autoOrient: true })),
    );
    if (peers.tf) candidates.push(...(await faceApiAsync(peers.tf)));
    for (const { name, file } of peers.ort ? peers.onnx : []) {
      candidates.push(...(await onnxCandidatesAsync(peers.ort as Ort, options.cores, name, file)));
    }
    return figuresOfTurns(candidates, await takeTurnsAsync(candidates, pictures, options));
  } finally {
    for (const { disposeAsync } of candidates) await disposeAsync?.();
    detector.dispose();
    set.dispose();
  }
}

/** What a candidate did on all pictures. */
interface Turns {
  rounds: Clocked[];
  /** On all pictures together; null: not known. */
  faces: number | null;
}

/** Every candidate on every picture, a picture a round. */
async function takeTurnsAsync(
  candidates: readonly Candidate[],
  pictures: readonly Picture[],
  { progress, cores }: JobOptions,
): Promise<Turns[]> {
  const turns = candidates.map((): Turns => ({ rounds: [], faces: null }));
  for (const candidate of candidates) {
    progress(`warming ${candidate.name}`);
    for (let i = 0; i < 2; i++) await candidate.detectAsync(pictures[0] as Picture);
  }
  for (const [i, picture] of pictures.entries()) {
    progress(`detectors, picture ${i + 1} of ${pictures.length}`);
    for (const [c, candidate] of candidates.entries()) {
      const turn = turns[c] as Turns;
      await restAsync();
      const sample = await clockAsync(async () => {
        const found = await candidate.detectAsync(picture);
        if (typeof found === 'number') turn.faces = (turn.faces ?? 0) + found;
      }, cores);
      turn.rounds.push(sample);
    }
  }
  return turns;
}

/** Times of all, and ratios of the others to the first, which is ours. */
function figuresOfTurns(candidates: readonly Candidate[], turns: readonly Turns[]): Figure[] {
  const timings = turns.map(({ rounds }) => timingOf(rounds, null));
  const [ours] = timings;
  return candidates.flatMap(({ name, note: about }, c): Figure[] => {
    const [timing, turn] = [timings[c], turns[c]];
    if (!ours || !timing || !turn) return [];
    const found = `; ${turn.faces} faces on ${turn.rounds.length} pictures`;
    const note = turn.faces === null ? about : about + found;
    const time = figure(`${name}: one 640x480 picture`, timing.wallMs, 'ms', note);
    if (c === 0) return [time];
    const ratio = pairedRatio(ours, timing);
    return [time, figure(`aofd lite against ${name}: times as fast`, ratio, 'x', note)];
  });
}

/** A user's ONNX detector, from pixels to boxes where its interface is known, and its network alone. */
async function onnxCandidatesAsync(
  ort: Ort,
  cores: number,
  name: string,
  file: string,
): Promise<Candidate[]> {
  const detector = await openOnnxDetectorAsync(ort, file, cores);
  const { width, height } = detector.input;
  const about = `at ${width}x${height}, onnxruntime-node, ${cores} threads`;
  const disposeAsync = (): Promise<void> => detector.releaseAsync();
  const alone: Candidate = {
    name: detector.kind === null ? name : `${name}, network alone`,
    note: `network alone ${about}`,
    detectAsync: () => detector.runAsync(),
    disposeAsync,
  };
  if (detector.kind === null) {
    return [{ ...alone, note: `neither YuNet nor SCRFD by its outputs: ${alone.note}` }];
  }
  const whole: Candidate = {
    name,
    note: `pixels to faces, read as ${detector.kind}, ${about}`,
    detectAsync: async (picture) => (await detector.detectAsync(picture)).length,
  };
  return [whole, alone];
}
