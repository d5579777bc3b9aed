/** A point that the paper leaves open, and the value that decides it (docs/spec.md 9). */
export interface Judgement {
  id: string;
  /** Dotted paths into the config; none where the code knows no other way. */
  paths: readonly string[];
  /** What was decided, in one line. */
  text: string;
}

/** All judgement calls. */
export const JUDGEMENTS: readonly Judgement[] = [
  j(1, 'short side drawn from {512, 1024} in training, 1024 at test', [
    'input.trainShortSides',
    'input.testShortSide',
  ]),
  j(2, 'anchor ratio is height / width, sizes rounded as in py-faster-rcnn', ['model.levels']),
  j(3, 'dw and dh capped at ln(1000/16) before exp', ['boxes.maxLogRatio']),
  j(4, 'faces under 10 px and invalid ones dropped; a face no anchor touches labels none', [
    'data.minFacePx',
    'data.dropInvalid',
  ]),
  j(5, 'equal scores: lower index first', []),
  j(6, '128 RoIs per image', ['rois.batchSize']),
  j(7, 'RoI bins in exact integers, halves rounded away from zero', ['model.roiPooling']),
  j(8, 'weight decay acts on biases', ['optim.biasDecayMult']),
  j(9, 'one image per update', ['train.batch', 'optim.accumulate']),
  j(10, 'mining on unmasked features without dropout, 128 kept', [
    'ohem.batchSize',
    'ohem.masked',
    'ohem.dropout',
  ]),
  j(11, 'generator of three 256-wide convolutions and one output; 12 of 49 cells; ranked logits', [
    'model.generator.channels',
    'model.generator.convs',
    'masking.generatorCells',
  ]),
  j(12, 'generator trained without dropout, on faces only', [
    'model.generator.dropout',
    'model.generator.positivesOnly',
  ]),
  j(13, 'compactness is the summed rectified response; threshold-centred sigmoid gradient', [
    'loss.compact',
    'model.generator.gradient',
  ]),
  j(14, 'cell counts are floored: 3 of 7 lines, 24 and 16 of 49 cells', [
    'masking.halfCells',
    'masking.randomCells',
    'masking.trainCells',
  ]),
  j(15, 'each RoI enters the head twice: original and one random type', ['masking.jointMode']),
  j(16, 'background RoIs are masked too', ['masking.maskNegatives']),
  j(17, 'segmentation loss is a sum at input resolution', ['loss.segReduction']),
  j(18, 'segmentation head 256, 256 (dilation 2), 2 channels, fixed bilinear upsampling', [
    'model.segmentation.channels',
    'model.segmentation.dilation',
  ]),
  j(19, 'pixels where a face covers a face are ignored', []),
  j(20, 'decay and momentum act on segmentation weights on images without labels', [
    'optim.updateUntouched',
  ]),
  j(21, 'lengths of stages 0 and 1; constant learning rate in stage 2', ['stages']),
  j(22, 'MAFA type 3 is neither right nor wrong in "without ignored"', ['eval.mafaIgnored']),
  j(23, 'rectangle to square: longer side, same centre', ['eval.mafaSquare']),
  j(24, 'average precision over all points', ['eval.ap']),
];

function j(number: number, text: string, paths: readonly string[]): Judgement {
  return { id: `J${number}`, paths, text };
}
