/** What the schema alone cannot see: values that must fit each other, and sizes that they make together. */
import type { Config, ModelConfig } from './schema.js';

/** Anchors of the largest input; a network of 3 a cell has that many at 8192 x 8192 and stride 4. */
const MOST_ANCHORS = 2 ** 24;

/** A value at fault. */
type Problem = [path: string, message: string];

/** Everything that does not fit, as [dotted path, message]. */
export function crossCheck(config: Config): Problem[] {
  return [
    ...checkMasking(config),
    ...checkCrowd(config),
    ...checkNetwork(config.model),
    ...checkAnchors(config),
    ...checkLooks(config),
    ...checkCoverLoss(config),
    ...checkStages(config),
    ...checkCalibration(config.test.calibration),
  ];
}

function checkMasking({ model, masking, rpn }: Config): Problem[] {
  const problems: Problem[] = [];
  const cells = model.roiSize ** 2;
  for (const key of ['trainCells', 'generatorCells', 'randomCells'] as const) {
    if (masking[key] >= cells) problems.push([`masking.${key}`, `must be below ${cells} cells`]);
  }
  if (masking.halfCells >= model.roiSize) {
    problems.push(['masking.halfCells', `must be below ${model.roiSize} lines`]);
  }
  if (rpn.negativeIou > rpn.positiveIou) {
    problems.push(['rpn.negativeIou', 'must not exceed rpn.positiveIou']);
  }
  return problems;
}

function checkCrowd({ proposals }: Config): Problem[] {
  const { crowd, postNmsTop, preNmsTop } = proposals.test;
  if (!crowd || (crowd.top > postNmsTop && crowd.top <= preNmsTop)) return [];
  const text = `must be above postNmsTop (${postNmsTop}) and at most preNmsTop (${preNmsTop})`;
  return [['proposals.test.crowd.top', text]];
}

/** Strides of the maps that the backbone gives. */
function stridesOf({ backbone, stageChannels }: ModelConfig): number[] {
  return backbone === 'vgg16' ? [16] : stageChannels.slice(1).map((_, i) => 8 << i);
}

function checkNetwork(model: ModelConfig): Problem[] {
  const problems: Problem[] = [];
  if (model.backbone === 'lite' && model.blocks.length !== model.stageChannels.length) {
    problems.push(['model.blocks', 'needs one entry per entry of model.stageChannels']);
  }
  if (model.backbone === 'lite' && model.fpnChannels === 0) {
    problems.push(['model.fpnChannels', 'must be above 0 for the lite backbone']);
  }
  const strides = stridesOf(model);
  const checkStride = (path: string, stride: number): void => {
    if (strides.includes(stride)) return;
    const known = strides.length > 0 ? strides.join(', ') : 'none';
    problems.push([path, `must be the stride of a map of this backbone (${known}), got ${stride}`]);
  };
  model.levels.forEach(({ stride }, i) => checkStride(`model.levels.${i}.stride`, stride));
  checkStride('model.roiStride', model.roiStride);
  const { segmentation } = model;
  if (segmentation.enabled) checkStride('model.segmentation.stride', segmentation.stride);
  if (
    segmentation.enabled &&
    segmentation.detail &&
    (model.backbone !== 'lite' || segmentation.stride !== 8)
  ) {
    const text = 'needs the map of stride 4: model.backbone lite and model.segmentation.stride 8';
    problems.push(['model.segmentation.detail', text]);
  }
  const perCell = model.levels.map(({ sizes, ratios }) => sizes.length * ratios.length);
  if (new Set(perCell).size > 1) {
    const text = `need the same number of anchors per cell at each level (sizes x ratios), got ${perCell.join(', ')}`;
    problems.push(['model.levels', text]);
  }
  return problems;
}

function checkLooks({ test: { smallFaceSize, crowdFaceSize } }: Config): Problem[] {
  if (crowdFaceSize == null || crowdFaceSize <= (smallFaceSize ?? 0)) return [];
  return [['test.crowdFaceSize', 'needs a test.smallFaceSize of at least as much']];
}

function checkCoverLoss({ loss, model }: Config): Problem[] {
  if (!loss.segDice || model.segmentation.output === 'region-visible') return [];
  return [['loss.segDice', 'needs model.segmentation.output region-visible']];
}

function checkAnchors({ model, input }: Config): Problem[] {
  const count = (height: number, width: number): number =>
    model.levels.reduce((sum, { stride, sizes, ratios }) => {
      const cells = Math.ceil(height / stride) * Math.ceil(width / stride);
      return sum + cells * sizes.length * ratios.length;
    }, 0);
  const { maxSize, canvas } = input;
  const problem = (path: string, total: number): Problem[] =>
    total > MOST_ANCHORS
      ? [[path, `gives ${total} anchors, at most ${MOST_ANCHORS} are taken`]]
      : [];
  return [
    ...problem('input.maxSize', count(maxSize, maxSize)),
    ...(canvas ? problem('input.canvas', count(...canvas)) : []),
  ];
}

function checkStages({ stages, data, train }: Config): Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  stages.forEach((stage, i) => {
    if (names.has(stage.name)) problems.push([`stages.${i}.name`, `"${stage.name}" occurs twice`]);
    names.add(stage.name);
    for (const source of Object.keys(stage.data)) {
      if (!Object.hasOwn(data.sources, source)) {
        problems.push([
          `stages.${stage.name}.data.${source}`,
          `data.sources has no "${source}" (it has ${Object.keys(data.sources).join(', ')})`,
        ]);
      }
    }
  });
  if (train.validation && !Object.hasOwn(data.sources, train.validation.source)) {
    problems.push([
      'train.validation.source',
      `data.sources has no "${train.validation.source}" (it has ${Object.keys(data.sources).join(', ')})`,
    ]);
  }
  return problems;
}

/** Knots of the curve from scores to probabilities: as many of each, rising. */
function checkCalibration(curve: Config['test']['calibration']): Problem[] {
  if (!curve) return [];
  const { scores, probabilities } = curve;
  if (scores.length !== probabilities.length) {
    return [
      ['test.calibration', `has ${scores.length} scores and ${probabilities.length} probabilities`],
    ];
  }
  return (['scores', 'probabilities'] as const).flatMap((key): Problem[] => {
    const at = curve[key].findIndex((value, i) => i > 0 && value < curve[key][i - 1]!);
    return at < 0 ? [] : [[`test.calibration.${key}.${at}`, 'must not fall']];
  });
}
