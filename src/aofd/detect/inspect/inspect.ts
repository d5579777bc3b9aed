/** Everything that the network computes for one picture, by name. */
import { handled, type Tensor } from '../../../nn/index.js';
import { floatData, type StoredTensor } from '../../../nn/io/index.js';
import { anchorsPerCell } from '../../boxes/anchors.js';
import { enlargeBoxes, faceProbabilities, gateMask } from '../../boxes/index.js';
import { smallestMask } from '../../boxes/masking.js';
import type { Config } from '../../config/index.js';
import type { DecodedImage } from '../../data/sample.js';
import { AnchorCache } from '../../model/index.js';
import type { Detector } from '../detector.js';
import { detectedFaces, type DetectedFace } from '../faces.js';
import { detectPassAsync, heatOnDevice, type PassResult } from '../forward.js';
import type { GridMap } from '../grid-map.js';
import type { ShrunkLook } from '../large-faces.js';
import { coverOfFacesAsync, lookTwiceAsync } from '../looks.js';
import type { Network } from '../network.js';
import { occluderPicture } from '../occluders.js';
import { keepBest, type Candidates } from '../postprocess.js';
import { preparePass } from '../prepare.js';

/** What `inspectAsync` gives. */
export interface Inspection {
  faces: DetectedFace[];
  /** Input pixels per original pixel. */
  scale: number;
  /**
   * `input` [1,3,H,W], `features/stride<s>` [1,C,h,w], `rpn/class_logits` [M,2], `rpn/box_deltas`
   * [M,4], `rpn/objectness/stride<s>` [A,h,w] (probability), `proposals/boxes` [P,4] (input pixels),
   * `proposals/scores` [P], `head/class_logits` [P,2], `head/box_deltas` [P,8], `detections/boxes`
   * [R,4] (original pixels), `detections/scores` [R], `pooled` [R,C,7,7], `generator/heat` [R,7,7]
   * (small = worth covering), `generator/mask` [R,7,7] (0 = covered in training), both where the weights
   * hold the mask generator,
   * `segmentation/logits` [1,2,h,w], `segmentation/occluder` [height,width] (probability times 255,
   * 0 outside of the enlarged boxes; of the whole input, where `faces` may have asked the picture around them).
   */
  tensors: Map<string, StoredTensor>;
}

/** Detects faces with the detector's settings (one scale) and keeps every intermediate tensor. */
export async function inspectAsync(detector: Detector, image: DecodedImage): Promise<Inspection> {
  return detector.useAsync((network) => inspectNetworkAsync(network, detector.settings, image));
}

async function inspectNetworkAsync(
  network: Network,
  settings: Detector['settings'],
  image: DecodedImage,
): Promise<Inspection> {
  const { config } = network;
  const size = { width: image.width, height: image.height };
  const prepared = preparePass(image, config.input);
  const reads: { name: string; shape: readonly number[]; data: Promise<ArrayLike<number>> }[] = [];
  const trace = (name: string, tensor: Tensor): void => {
    reads.push({ name, shape: tensor.shape, data: handled(tensor.readAsync('inspection')) });
  };
  let kept: Candidates = { boxes: new Float64Array(0), scores: new Float64Array(0) };
  let shrunk: ShrunkLook | null = null;
  const closerImage = settings.closerLook ? image : null;
  const anchors = new AnchorCache(network.model, config.boxes.convention);
  const pass = { pass: prepared, ...size };
  const result = await detectPassAsync(network, anchors, pass, {
    wantsOccluders: true,
    trace,
    after: async (features, { candidates }) => {
      const looks = await lookTwiceAsync(network, anchors, pass, closerImage, candidates, {
        wantsOccluders: true,
      });
      shrunk = looks.shrunk;
      kept = keepBest([candidates, ...looks.candidates], config, settings);
      if (kept.scores.length === 0 || !network.model.generator.isIn(network.params)) return;
      const boxes = kept.boxes.map((v) => v * prepared.scale);
      await heatOnDevice(network, features, boxes, trace);
    },
  });
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape, data } of reads) {
    tensors.set(name, floatData(Float32Array.from(await data), shape));
  }
  addObjectness(tensors, network, prepared);
  addProposals(tensors, result);
  addHeat(tensors, config, kept);
  const { occluders } = result;
  if (occluders) addOccluders(tensors, config, occluders, kept, size);
  const maps = await coverOfFacesAsync(network, pass, closerImage, kept, occluders, shrunk);
  const faces = detectedFaces(kept, maps, size, config.test);
  return { faces, scale: prepared.scale, tensors };
}

/** Probability of an occluder at every pixel near a detected face (docs/spec.md 4.3). */
function addOccluders(
  tensors: Map<string, StoredTensor>,
  { loss, boxes: { convention } }: Config,
  map: GridMap,
  kept: Candidates,
  size: { width: number; height: number },
): void {
  const gates = enlargeBoxes(kept.boxes, loss.segBoxScale, size, convention);
  tensors.set('segmentation/occluder', {
    shape: [size.height, size.width],
    dtype: 'U8',
    data: occluderPicture(map, size, gateMask(gates, size, convention)),
  });
}

/** Face probability of every anchor as one map per level. */
function addObjectness(
  tensors: Map<string, StoredTensor>,
  { config, model }: Network,
  input: { height: number; width: number },
): void {
  const logits = tensors.get('rpn/class_logits');
  if (!logits) return;
  const scores = faceProbabilities(logits.data as Float32Array);
  const sizes = model.anchorMapSizes(input.height, input.width);
  let from = 0;
  config.model.levels.forEach((level, i) => {
    const { height, width } = sizes[i] as { height: number; width: number };
    const anchors = anchorsPerCell(level);
    const cells = height * width;
    const map = new Float32Array(anchors * cells);
    for (let cell = 0; cell < cells; cell++) {
      for (let a = 0; a < anchors; a++) map[a * cells + cell] = scores[from + cell * anchors + a]!;
    }
    from += anchors * cells;
    tensors.set(`rpn/objectness/stride${level.stride}`, floatData(map, [anchors, height, width]));
  });
}

/** Proposals, and the head's outputs without the rows that only fill up. */
function addProposals(tensors: Map<string, StoredTensor>, { proposals }: PassResult): void {
  const count = proposals.scores.length;
  tensors.set('proposals/boxes', floatData(proposals.boxes, [count, 4]));
  tensors.set('proposals/scores', floatData(proposals.scores, [count]));
  for (const [name, width] of [
    ['head/class_logits', 2],
    ['head/box_deltas', 8],
  ] as const) {
    const rows = tensors.get(name);
    if (!rows) continue;
    const data = (rows.data as Float32Array).slice(0, count * width);
    tensors.set(name, floatData(data, [count, width]));
  }
}

function addHeat(tensors: Map<string, StoredTensor>, config: Config, kept: Candidates): void {
  const count = kept.scores.length;
  tensors.set('detections/boxes', floatData(Float32Array.from(kept.boxes), [count, 4]));
  tensors.set('detections/scores', floatData(Float32Array.from(kept.scores), [count]));
  const heat = tensors.get('generator/heat');
  if (!heat) return;
  const side = config.model.roiSize;
  const values = heat.data as Float32Array;
  const masks = new Float32Array(values.length);
  for (let r = 0; r < count; r++) {
    const row = values.subarray(r * side * side, (r + 1) * side * side);
    masks.set(smallestMask(row, config.masking.trainCells).mask, r * side * side);
  }
  tensors.set('generator/heat', floatData(values, [count, side, side]));
  tensors.set('generator/mask', floatData(masks, [count, side, side]));
}
