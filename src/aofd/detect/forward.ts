/** The network's passes over one prepared picture. Tensors never outlive the functions here. */
import { DryDevice, handled, type Device, type Tensor, type TensorData } from '../../nn/index.js';
import { mostProposals, type Proposals } from '../boxes/proposals.js';
import {
  ParamStore,
  paddedRois,
  proposeRois,
  readRpnAsync,
  withoutGrad,
  type AnchorCache,
  type RpnValues,
} from '../model/index.js';
import type { GridMap } from './grid-map.js';
import type { Network } from './network.js';
import { occluderMap } from './occluders.js';
import { decodeHead, mixedScores, type Candidates, type InputGeometry } from './postprocess.js';
import type { PreparedPass } from './prepare.js';

/** Called with every named intermediate tensor while it is alive; for inspection. */
export type TensorTrace = (name: string, tensor: Tensor) => void;

/** A pass over a picture of `width` x `height` pixels. */
export interface PicturePass {
  pass: PreparedPass;
  width: number;
  height: number;
}

/** What one pass finds, before thresholds and NMS. */
export interface PassResult {
  candidates: Candidates;
  /** Null where it was not asked for or the network has no branch. */
  occluders: GridMap | null;
  proposals: Proposals;
}

/** What a pass computes beside boxes. */
export interface PassOptions {
  wantsOccluders: boolean;
  trace?: TensorTrace;
  /** Called at the end, while the feature maps are still alive. */
  after?: (features: readonly Tensor[], result: PassResult) => Promise<void>;
}

/** One pass over a picture through the whole network. */
export async function detectPassAsync(
  network: Network,
  anchors: AnchorCache,
  { pass, width, height }: PicturePass,
  options: PassOptions,
): Promise<PassResult> {
  const { config } = network;
  const { device } = network.params;
  const { trace } = options;
  const features: Tensor[] = [];
  try {
    // The proposals' numbers are read while the device goes on with the segmentation branch.
    const rpnRead = handled(proposeOnDevice(network, pass, features, trace));
    const seg = options.wantsOccluders ? segmentOnDevice(network, features, pass, trace) : null;
    const segRead = seg && handled(seg);
    const values = await rpnRead;
    const size = { width: pass.contentWidth, height: pass.contentHeight };
    const proposals = device.context.phase('proposals', () =>
      proposeRois(
        values,
        { index: 0, size, scale: pass.scale },
        anchors.get(pass),
        config.proposals.test,
        config.boxes,
      ),
    );
    const candidates = await classifyAsync(
      network,
      features,
      proposals,
      { scale: pass.scale, flip: pass.flip, width, height },
      trace,
    );
    const result = { candidates, proposals, occluders: segRead ? await segRead : null };
    await options.after?.(features, result);
    return result;
  } finally {
    for (const map of features) map.dispose();
    device.flush();
  }
}

/** Fills `features` (owned by the caller) and starts reading the RPN's logits and deltas. */
function proposeOnDevice(
  { model, params }: Network,
  prepared: PreparedPass,
  features: Tensor[],
  trace?: TensorTrace,
): Promise<RpnValues> {
  const { device } = params;
  using scope = device.scope();
  return withoutGrad(device, () => {
    const images = imageOf(device, prepared);
    trace?.('input', images);
    const maps = model.backbone.forward(params, images);
    for (const map of new Set(maps)) features.push(scope.release(map));
    model.backbone.levels.forEach((level, i) => {
      trace?.(`features/stride${level.stride}`, maps[i] as Tensor);
    });
    const rpn = model.rpn.forward(params, maps);
    trace?.('rpn/class_logits', rpn.classLogits);
    trace?.('rpn/box_deltas', rpn.boxDeltas);
    return readRpnAsync(rpn);
  });
}

/** What covers faces, without looking for them: backbone and segmentation branch; null without a branch. */
export async function segmentPassAsync(
  network: Network,
  pass: PreparedPass,
): Promise<GridMap | null> {
  const { model, params } = network;
  const { device } = params;
  const features: Tensor[] = [];
  try {
    {
      using scope = device.scope();
      const maps = withoutGrad(device, () => model.backbone.forward(params, imageOf(device, pass)));
      for (const map of new Set(maps)) features.push(scope.release(map));
    }
    return await segmentOnDevice(network, features, pass);
  } finally {
    for (const map of features) map.dispose();
    device.flush();
  }
}

/** Starts the segmentation branch; its small map is read, and interpolated on the CPU. */
function segmentOnDevice(
  { model, params }: Network,
  features: readonly Tensor[],
  prepared: PreparedPass,
  trace?: TensorTrace,
): Promise<GridMap> | null {
  const { device } = params;
  const branch = model.segmentation;
  if (!branch) return null;
  using _scope = device.scope();
  const scores = withoutGrad(device, () => model.segment(params, features));
  if (!scores) return null;
  trace?.('segmentation/logits', scores);
  const [, , h = 0, w = 0] = scores.shape;
  return scores
    .readAsync('occluder map')
    .then((values) =>
      device.context.phase('occluder map', () =>
        occluderMap(
          values as Float32Array,
          { height: h, width: w, scale: prepared.scale / branch.stride },
          model.config.segmentation.output,
        ),
      ),
    );
}

/** RoI pooling and head for all proposals. */
async function classifyAsync(
  network: Network,
  features: readonly Tensor[],
  proposals: Proposals,
  geometry: InputGeometry,
  trace?: TensorTrace,
): Promise<Candidates> {
  const count = proposals.scores.length;
  if (count === 0) return { boxes: new Float64Array(0), scores: new Float64Array(0) };
  const rois = roiRows(proposals.boxes, count);
  const [logits, deltas] = await headOnDevice(network, features, rois, trace);
  const { boxes, scores } = decodeHead(
    rois,
    logits as Float32Array,
    deltas as Float32Array,
    count,
    network.config,
    geometry,
  );
  const { proposalWeight = 0 } = network.config.test;
  return { boxes, scores: mixedScores(scores, proposals.scores, proposalWeight) };
}

/**
 * Compiles every kernel that passes over pictures of a prepared size use, by recording one on a
 * device that does not compute.
 * @param cropSide also those of the segmentation branch over squares of that side; null: no such ones
 */
export async function prepareKernelsAsync(
  { config, model, params }: Network,
  size: { width: number; height: number },
  cropSide: number | null = null,
): Promise<void> {
  const { device } = params;
  const dry = new DryDevice(device);
  const kernels = device.context.phase('record kernels', () => {
    const dryParams = ParamStore.withoutValues(dry, model.specs());
    dryParams.freezeForInference();
    const network = { config, model, params: dryParams };
    const passOf = ({ width, height }: { width: number; height: number }): PreparedPass => ({
      data: new Float32Array(0), // a dry device takes none
      width,
      height,
      contentWidth: width,
      contentHeight: height,
      scale: 1,
      flip: false,
    });
    const pass = passOf(size);
    const crop = cropSide === null ? null : passOf({ width: cropSide, height: cropSide });
    const features: Tensor[] = [];
    const { test } = config.proposals;
    const counts = new Set([test.postNmsTop, mostProposals(test)].map(paddedRois));
    // What is read back has no meaning here and is not awaited.
    for (const reading of [
      proposeOnDevice(network, pass, features),
      segmentOnDevice(network, features, pass),
      ...[...counts].map((rois) => headOnDevice(network, features, new Float32Array(5 * rois))),
      crop && segmentPassAsync(network, crop),
    ]) {
      reading?.catch(() => undefined);
    }
    return dry.kernelsUsed();
  });
  await device.kernels.prepareAsync(kernels);
}

/** Runs pooling and head once, on a map of zeros: whatever a first run costs is paid then. */
export async function runHeadOnceAsync(network: Network): Promise<void> {
  const { model, params } = network;
  const { device } = params;
  const { levels } = model.backbone;
  const channels = levels[model.roiLevel]?.channels ?? 1;
  const map = device.release(device.zeros([1, channels, 8, 8], { layout: 'c4', name: 'warm-up' }));
  try {
    // RoIs are pooled from one level alone, so that the map may stand for the others too.
    const features = levels.map(() => map);
    await headOnDevice(network, features, new Float32Array(5 * paddedRois(1)));
  } finally {
    map.dispose();
  }
}

/** Starts pooling and head; `rois` [R*5]. */
export function headOnDevice(
  { model, params }: Network,
  features: readonly Tensor[],
  rois: Float32Array,
  trace?: TensorTrace,
): Promise<TensorData[]> {
  const { device } = params;
  using _scope = device.scope();
  return withoutGrad(device, () => {
    const rows = device.tensor(rois, [rois.length / 5, 5], { name: 'rois' });
    const head = model.head.forward(params, model.pool(features, rows));
    trace?.('head/class_logits', head.classLogits);
    trace?.('head/box_deltas', head.boxDeltas);
    return Promise.all([
      head.classLogits.readAsync('head scores'),
      head.boxDeltas.readAsync('head boxes'),
    ]);
  });
}

/** Pooled features and the mask generator's heat of some boxes [R*4] in input pixels. */
export function heatOnDevice(
  { model, params }: Network,
  features: readonly Tensor[],
  boxes: ArrayLike<number>,
  trace?: TensorTrace,
): Promise<TensorData> {
  const { device } = params;
  using _scope = device.scope();
  return withoutGrad(device, () => {
    const count = boxes.length / 4;
    const rows = device.tensor(roiRows(boxes, count, count), [count, 5], { name: 'rois' });
    const pooled = model.pool(features, rows);
    trace?.('pooled', pooled);
    const heat = model.generator.forward(params, pooled);
    trace?.('generator/heat', heat);
    return heat.readAsync('generator heat');
  });
}

/** The prepared picture as a tensor; its values already have the c4 layout. */
export function imageOf(device: Device, prepared: PreparedPass): Tensor {
  const { height, width, data } = prepared;
  const images = device.empty([1, 3, height, width], { layout: 'c4', name: 'images' });
  device.context.upload(images.buffer, data);
  return images;
}

/** The first `count` boxes of [R*4] as `total` RoI rows of image 0: empty boxes after them. */
export function roiRows(
  boxes: ArrayLike<number>,
  count: number,
  total = paddedRois(count),
): Float32Array {
  const rows = new Float32Array(total * 5);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < 4; j++) rows[5 * r + 1 + j] = boxes[4 * r + j]!;
  }
  return rows;
}
