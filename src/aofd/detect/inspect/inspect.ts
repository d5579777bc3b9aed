/** Everything that the network computes for one picture, by name. */
import type { Tensor } from '../../../nn/index.js';
import { floatData, type StoredTensor } from '../../../nn/io/index.js';
import { anchorsPerCell } from '../../boxes/anchors.js';
import { enlargeBoxes, faceProbabilities, gateMask } from '../../boxes/index.js';
import { AnchorCache } from '../../model/index.js';
import type { DecodedImage } from '../../data/sample.js';
import { smallestMask } from '../../boxes/masking.js';
import type { Detector } from '../detector.js';
import { detectPassAsync, heatOnDevice, type PassResult } from '../forward.js';
import {
  DetectedFace,
  keepBest,
  occluderPicture,
  occlusionIn,
  type Candidates,
} from '../postprocess.js';
import { prepareImage } from '../preprocess.js';

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
   * (small = worth covering), `generator/mask` [R,7,7] (0 = covered in training),
   * `segmentation/logits` [1,2,h,w], `segmentation/occluder` [height,width] (probability times 255,
   * 0 outside of the enlarged boxes).
   */
  tensors: Map<string, StoredTensor>;
}

/** Detects faces with the detector's settings (one scale) and keeps every intermediate tensor. */
export async function inspectAsync(detector: Detector, image: DecodedImage): Promise<Inspection> {
  const { config, settings } = detector;
  const size = { width: image.width, height: image.height };
  const prepared = prepareImage(image, config.input);
  const reads: { name: string; shape: readonly number[]; data: Promise<ArrayLike<number>> }[] = [];
  const trace = (name: string, tensor: Tensor): void => {
    reads.push({ name, shape: tensor.shape, data: tensor.readAsync('inspection') });
  };
  let kept: Candidates = { boxes: new Float64Array(0), scores: new Float64Array(0) };
  const pass = await detectPassAsync(
    detector,
    new AnchorCache(detector.model, config.boxes.convention),
    prepared,
    { ...size, flip: false },
    {
      wantsOccluders: true,
      trace,
      after: async (features, { candidates }) => {
        const { score, nmsIou, maxDetections } = settings;
        kept = keepBest([candidates], config, { scoreThreshold: score, nmsIou, maxDetections });
        if (kept.scores.length === 0) return;
        const boxes = kept.boxes.map((v) => v * prepared.scale);
        await heatOnDevice(detector, features, boxes, trace);
      },
    },
  );
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape, data } of reads) {
    tensors.set(name, floatData(Float32Array.from(await data), shape));
  }
  addObjectness(tensors, detector, prepared);
  addProposals(tensors, pass);
  addHeat(tensors, detector, kept);
  const map = pass.occluders;
  if (map) {
    const gates = enlargeBoxes(kept.boxes, config.loss.segBoxScale, size, config.boxes.convention);
    const gate = gateMask(gates, size, config.boxes.convention);
    const shape = [size.height, size.width];
    tensors.set('segmentation/occluder', {
      shape,
      dtype: 'U8',
      data: occluderPicture(map, size, gate),
    });
  }
  const { occluderThreshold } = config.test;
  const faces = Array.from(kept.scores, (score, i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = kept.boxes.subarray(4 * i, 4 * i + 4);
    const box = [x1, y1, x2, y2] as const;
    return new DetectedFace(box, score, map && occlusionIn(box, map, size, occluderThreshold));
  });
  return { faces, scale: prepared.scale, tensors };
}

/** Face probability of every anchor as one map per level. */
function addObjectness(
  tensors: Map<string, StoredTensor>,
  { config, model }: Detector,
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

function addHeat(tensors: Map<string, StoredTensor>, { config }: Detector, kept: Candidates): void {
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
