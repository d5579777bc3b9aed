import type { Device, Tensor } from '../../../nn/index.js';
import type { AofdModel, DropoutSeed } from '../../model/index.js';
import type {
  CommonRecord,
  DetectorRecord,
  GeneratorRecord,
  HeadRecord,
  SegmentationRecord,
  StepRecord,
} from '../step/record.js';

/** Receives intermediate results by name (docs/dump-step.md). Tensors are read at once. */
export interface StepTrace {
  tensor(name: string, tensor: Tensor): void;
  values(
    name: string,
    data: Float32Array | Int32Array | Uint32Array,
    shape: readonly number[],
  ): void;
}

/** The network whose step it was: dropout's factors are made once more. */
interface Dropping {
  device: Device;
  model: AofdModel;
}

/** Gives everything that a step computed its name. Call while the step's tensors live. */
export function traceStep(trace: StepTrace, record: StepRecord, network: Dropping): void {
  traceCommon(trace, record);
  if (record.kind === 'detector') traceDetector(trace, record, network);
  else traceGenerator(trace, record, network);
}

function traceCommon(trace: StepTrace, record: CommonRecord): void {
  const { images, features, rpn, anchors, proposals, losses } = record;
  trace.tensor('images', images);
  trace.values('anchors', Float32Array.from(anchors.boxes), [anchors.total, 4]);
  features.forEach((map, i) => trace.tensor(`features.${i}`, map));
  trace.tensor('rpn.class_logits', rpn.classLogits);
  trace.tensor('rpn.box_deltas', rpn.boxDeltas);
  proposals.forEach((boxes, n) => trace.values(`proposals.${n}`, boxes, [boxes.length / 4, 4]));
  for (const { name, value, weight } of losses) {
    trace.tensor(`loss.${name}`, value);
    trace.values(`loss_weight.${name}`, Float32Array.of(weight), [1]);
  }
}

function traceDetector(trace: StepTrace, record: DetectorRecord, network: Dropping): void {
  const { rows, labels, targets } = record.sampled;
  trace.values('rpn.sampled_rows', rows, [rows.length]);
  trace.values('rpn.sampled_labels', labels, [labels.length]);
  trace.values('rpn.sampled_targets', targets, [labels.length, 4]);
  if (record.head) traceHead(trace, record.head, network);
  if (record.segmentation) traceSegmentation(trace, record.segmentation, record.images);
}

function traceHead(trace: StepTrace, head: HeadRecord, network: Dropping): void {
  const { rois, labels, targets, types, pooled, heat, masks, output, drop } = head;
  trace.values('rois', rois.rois, [rois.count, 5]);
  trace.values('roi.labels', labels, [labels.length]);
  trace.values('roi.targets', targets, [labels.length, 4]);
  trace.values('roi.mask_types', Uint32Array.from(types), [types.length]);
  trace.tensor('roi.pooled', pooled);
  if (heat) trace.tensor('generator.heat', heat);
  if (masks) trace.tensor('masks', masks);
  trace.tensor('head.class_logits', output.classLogits);
  trace.tensor('head.box_deltas', output.boxDeltas);
  traceDropout(trace, network, labels.length, drop);
}

function traceSegmentation(
  trace: StepTrace,
  { scores, gates }: SegmentationRecord,
  images: Tensor,
): void {
  const [, , height = 0, width = 0] = images.shape;
  trace.tensor('segmentation.logits', scores);
  for (const { image, boxes, labels } of gates) {
    const shape = [boxes.length / 4, 4];
    trace.values(`segmentation.boxes.${image}`, Float32Array.from(boxes), shape);
    trace.values(`segmentation.labels.${image}`, labels, [height, width]);
  }
}

function traceGenerator(trace: StepTrace, { masked }: GeneratorRecord, network: Dropping): void {
  if (!masked) return;
  const { rois, pooled, heat, masks, output, drop } = masked;
  trace.values('rois', rois.rois, [rois.count, 5]);
  trace.values('roi.labels', rois.labels, [rois.count]);
  trace.values('roi.targets', rois.targets, [rois.count, 4]);
  trace.tensor('roi.pooled', pooled);
  trace.tensor('generator.heat', heat);
  trace.tensor('masks', masks);
  trace.tensor('head.class_logits', output.classLogits);
  if (drop) traceDropout(trace, network, rois.count, drop);
}

function traceDropout(
  trace: StepTrace,
  { device, model }: Dropping,
  rows: number,
  drop: DropoutSeed,
): void {
  const factors = model.head.dropFactors(device, rows, drop);
  for (const [layer, factor] of factors) trace.tensor(`dropout.${layer}`, factor);
}
