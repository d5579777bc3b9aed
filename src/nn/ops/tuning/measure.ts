import { Tape, record } from '../../autograd/tape.js';
import { capabilitiesOf } from '../conv/environment.js';
import { conv2d } from '../conv/conv2d.js';
import { linear } from '../linear/linear.js';
import type { Device } from '../../tensor/device.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convCandidates, convShapeOf, linearCandidates } from './candidates.js';
import { median } from './quantile.js';
import { adapterName, kernelHash, setTuningTables, tuningTables } from './registry.js';
import {
  parseConvKey,
  parseLinearKey,
  type Pass,
  type PassChoice,
  type TuningTable,
} from './table.js';

export interface TuneOptions {
  /** Milliseconds from an arbitrary start; default: the platform's wall clock. */
  now?: () => number;
  /** Rounds over the candidates at least and at most; default 3 and 9. */
  leastRounds?: number;
  mostRounds?: number;
  /** A layer's pass is timed about this long, in ms; default 400. */
  budgetMs?: number;
  /** A choice must be faster than the rules' by this factor; default 1.05. */
  margin?: number;
}

/** A layer with operands of the right sizes, contents zero: no kernel's time depends on values. */
interface Layer {
  candidates: (pass: Pass) => PassChoice[];
  /** Operands: input and weight. */
  shapes: { x: readonly number[]; weight: readonly number[]; layout: 'c4' | 'row' };
  run: (x: Tensor, weight: Tensor) => Tensor;
}

function layerOf(device: Device, key: string): Layer {
  const conv = parseConvKey(key);
  if (conv) {
    const s = convShapeOf(conv);
    return {
      candidates: (pass) => convCandidates(s, capabilitiesOf(device), pass),
      shapes: { x: [s.n, s.c, s.h, s.w], weight: [s.o, s.c, s.kh, s.kw], layout: 'c4' },
      run: (x, w) =>
        conv2d(x, w, null, {
          stride: s.stride,
          pad: s.pad,
          dilation: s.dilation,
          precision: 'fast',
        }),
    };
  }
  const s = parseLinearKey(key);
  if (!s) throw new Error(`"${key}" names no layer`);
  const caps = capabilitiesOf(device);
  return {
    candidates: (pass) => linearCandidates(s, caps, pass),
    shapes: { x: [s.r, s.i], weight: [s.o, s.i], layout: 'row' },
    run: (x, w) => linear(x, w, null),
  };
}

/** A table that holds one choice for one pass of one layer. */
function tableWith(device: Device, key: string, pass: Pass, choice: PassChoice): TuningTable {
  const { context } = device;
  return {
    version: 1,
    adapter: adapterName(context),
    kernels: kernelHash(context),
    layers: { [key]: { [pass]: choice } },
  };
}

/** Time of one pass with the tables in force, in milliseconds. */
async function timeAsync(
  device: Device,
  layer: Layer,
  pass: Pass,
  now: () => number,
): Promise<number> {
  using _scope = device.scope();
  const { shapes } = layer;
  const x = device.zeros([...shapes.x], { layout: shapes.layout });
  const weight = device.zeros([...shapes.weight]);
  if (pass === 'forward') {
    // Detection packs or transforms weights once: the first run does it.
    layer.run(x, weight);
    await device.settledAsync();
    const begin = now();
    layer.run(x, weight);
    await device.settledAsync();
    return now() - begin;
  }
  (pass === 'inputGradient' ? x : weight).requiresGrad = true;
  using tape = new Tape(device);
  const y = layer.run(x, weight);
  const dY = device.zeros(y.shape, { layout: y.layout });
  const probe = device.zeros([1]);
  record({ op: 'tune', inputs: [y], outputs: [probe], backward: () => [dY] });
  await device.settledAsync();
  const begin = now();
  tape.backward([[probe, 1]]);
  await device.settledAsync();
  return now() - begin;
}

/**
 * Times every candidate of one pass of a layer (a key of convKey or linearKey), interleaved, after a
 * warm-up round, and gives the fastest median. The rules' choice stays unless another is faster by
 * the margin. Null where there is nothing to choose.
 */
export async function tunePassAsync(
  device: Device,
  key: string,
  pass: Pass,
  options: TuneOptions = {},
): Promise<PassChoice | null> {
  const { context } = device;
  const { now = () => context.platform.now(), budgetMs = 400, margin = 1.05 } = options;
  const { leastRounds = 3, mostRounds = 9 } = options;
  const layer = layerOf(device, key);
  const before = tuningTables(context);
  setTuningTables(context, []);
  try {
    const candidates = layer.candidates(pass);
    if (candidates.length < 2) return null;
    const times = candidates.map((): number[] => []);
    let spent = 0;
    for (let round = -1; round < mostRounds; round++) {
      if (round >= leastRounds && spent > budgetMs) break;
      for (const [i, choice] of candidates.entries()) {
        setTuningTables(context, [tableWith(device, key, pass, choice)]);
        const took = await timeAsync(device, layer, pass, now);
        // The first round compiles.
        if (round < 0) continue;
        times[i]?.push(took);
        spent += took;
      }
    }
    return fastest(candidates, times.map(median), margin);
  } finally {
    setTuningTables(context, before);
  }
}

/** The candidate of the least time; the first one unless another is faster by `margin`. Pure. */
export function fastest(
  candidates: readonly PassChoice[],
  times: readonly number[],
  margin: number,
): PassChoice {
  let best = 0;
  times.forEach((time, i) => {
    if (time < (times[best] as number)) best = i;
  });
  if ((times[best] as number) * margin >= (times[0] as number)) best = 0;
  const ms = Math.round((times[best] as number) * 1000) / 1000;
  return { ...(candidates[best] as PassChoice), ms };
}
