/** The whole network, layer by layer, against the CPU references. */
import {
  checkNodeAsync,
  formatRows,
  RecordingTape,
  type CheckRow,
  type OperationHints,
} from '../../../nn/check/index.js';
import { CounterRng, type Tensor } from '../../../nn/index.js';
import { anchorsPerCell } from '../../boxes/anchors.js';
import type { Config } from '../../config/index.js';
import { imageOf } from '../forward.js';
import type { Detector } from '../detector.js';
import type { Network } from '../network.js';
import { preparePass } from '../prepare.js';

/** A report that can be attached to a bug. */
export interface ModelCheck {
  passed: boolean;
  adapter: Record<string, string | number | boolean>;
  features: string[];
  subgroupSize: number;
  input: { width: number; height: number };
  rows: CheckRow[];
}

/** Layers without ReLU, by the end of their names. */
const LINEAR_LAYERS = /(\.conv2|lateral\d*|\.context|\.cls|\.bbox|\.heat|\.score)$/;

/**
 * Runs every layer on a small random picture and compares each output with the CPU reference of the
 * same inputs, so that errors do not add up. Takes seconds for `lite`, a minute or more for `paper`.
 *
 * @param subject a detector, whose `dispose` then waits for the end of the check; or a network, which must
 *   not be freed meanwhile
 * @throws NnError `use-after-free` where it was freed
 */
export async function checkModelAsync(
  subject: Detector | Network,
  size: { width: number; height: number } = { width: 96, height: 64 },
): Promise<ModelCheck> {
  if ('useAloneAsync' in subject) {
    return subject.useAloneAsync((network) => checkNetworkAsync(network, size));
  }
  return checkNetworkAsync(subject, size);
}

async function checkNetworkAsync(
  network: Network,
  size: { width: number; height: number },
): Promise<ModelCheck> {
  const { config, model, params } = network;
  const { device } = params;
  const rng = new CounterRng(3, 'check-kernels');
  const data = Uint8Array.from({ length: size.width * size.height * 3 }, () => 256 * rng.next());
  const input = {
    ...config.input,
    testShortSide: null,
    maxSize: Math.max(size.width, size.height),
  };
  const prepared = preparePass({ ...size, data }, input);
  const corners = [0, 4, 4, 60, 60, 0, 20, 10, 90, 50, 0, 0, 0, 15, 15, 0, 70, 30, 95, 63];
  const rois = { shape: [4, 5], data: Float64Array.from(corners) };
  const rows: CheckRow[] = [];
  // The scope spans the awaits below: nothing else may use the device meanwhile.
  using _scope = device.scope();
  using tape = new RecordingTape(device);
  const images = imageOf(device, prepared);
  images.requiresGrad = true;
  const features = model.backbone.forward(params, images);
  model.rpn.forward(params, features);
  const pooled = model.pool(features, device.tensor(rois.data, rois.shape));
  model.head.forward(params, pooled);
  if (model.generator.isIn(params)) model.generator.forward(params, pooled);
  const scores = model.segment(params, features);
  if (scores) model.segmentation?.upsample(scores, prepared.height, prepared.width);
  for (const [i, node] of tape.nodes.entries()) {
    const output = node.outputs[0] as Tensor;
    const name = output.name && node.op.match(/conv2d|linear/) ? output.name : `${i + 1}`;
    rows.push(await checkNodeAsync(node, name, { ...hintsOf(name, config), rois }));
  }
  const { adapter } = device;
  return {
    passed: rows.every((row) => row.passed),
    adapter: { ...adapter },
    features: [...device.context.features].sort(),
    subgroupSize: device.subgroupSize,
    input: { width: prepared.width, height: prepared.height },
    rows,
  };
}

/** Options of a layer, by its name. */
function hintsOf(name: string, { model }: Config): OperationHints {
  const [level] = model.levels;
  const isVgg = /backbone\.conv\d_\d$/.test(name);
  return {
    relu: isVgg || !LINEAR_LAYERS.test(name) || /segmentation\.conv2$|generator\.conv2$/.test(name),
    dilation: name === 'segmentation.conv2' ? model.segmentation.dilation : 1,
    spatialScale: 1 / model.roiStride,
    ...(level ? { anchors: anchorsPerCell(level) } : {}),
  };
}

/** The report as text: what differs first, then everything. */
export function formatReport(report: ModelCheck): string {
  const failed = report.rows.filter((row) => !row.passed).length;
  const compared = report.rows.filter((row) => row.difference).length;
  const verdict =
    failed === 0 ? `all ${compared} layers agree` : `${failed} of ${compared} layers DIFFER`;
  const worst = Math.max(...report.rows.map((row) => row.difference?.relative ?? 0));
  return `${formatRows(report.rows)}\nkernels against the CPU reference: ${verdict} (largest relative error ${worst.toExponential(1)})`;
}
