/** All 13 convolutions of VGG16 with bias, ReLU and pools, as one piece of work. */
import type { ConvAlgorithm, Device } from '../../src/nn/index.js';
import { presetConfig } from '../../src/aofd/config/index.js';
import type { BenchCase, Contestant, Prepared } from '../measure/case.js';
import { gradientBound, prepareStackAsync, type StackPass } from './stack-work.js';
import { openTrainingAsync } from './training-step.js';
import { firstTrained, vggFlops, vggLayers } from './vgg-layers.js';

/** Variant of the training case that is a whole step and not only the stack. */
export const paperStep = 'whole paper step';

/**
 * The whole stack, forward, and forward with backward. With `withStep` a whole training step of `paper`
 * takes turns in the latter, so that it is compared with what others need for the stack alone.
 */
export function stackCases(
  device: Device,
  side: number,
  isQuick: boolean,
  withStep: boolean,
): BenchCase[] {
  const contestant = (pass: StackPass, variant: string, algorithm?: ConvAlgorithm): Contestant => ({
    maker: 'aofd',
    variant,
    prepareAsync: () => prepareStackAsync(device, side, pass, algorithm),
  });
  const forward = [contestant('forward', 'planned')];
  if (device.subgroupSize > 0 && !isQuick) forward.push(contestant('forward', 'direct', 'lanes'));
  const training = [contestant('training', 'planned')];
  if (withStep) training.push(paperStepContestant(device, side));
  const bytes = 4 * vggLayers().reduce((sum, l) => sum + 9 * l.inChannels * l.outChannels, 0);
  return [
    {
      group: 'stack',
      name: 'VGG16 stack forward',
      shape: `${side}x${side}`,
      work: { kind: 'stack', pass: 'forward', side },
      flops: vggFlops(side),
      bytes,
      contestants: forward,
    },
    {
      group: 'stack',
      name: 'VGG16 stack forward + backward',
      shape: `${side}x${side}, conv3_1 on trained`,
      work: { kind: 'stack', pass: 'training', side },
      flops: trainingFlops(side),
      bytes: 3 * bytes,
      errorBound: gradientBound,
      contestants: training,
    },
  ];
}

/** FLOPs of forward and backward down to conv3_1, whose input gradient nobody needs. */
function trainingFlops(side: number): number {
  const trained = vggFlops(side, firstTrained);
  const first = trained - vggFlops(side, firstTrained + 1);
  return vggFlops(side) + 2 * trained - first;
}

/** A whole training step of `paper`: the stack, RPN, head, masks and update. */
function paperStepContestant(device: Device, side: number): Contestant {
  return {
    maker: 'aofd',
    variant: paperStep,
    flops: 0,
    note: 'RPN, head, masks and update too',
    async prepareAsync(): Promise<Prepared> {
      const size = { images: 1, height: side, width: side };
      const training = await openTrainingAsync(device, presetConfig('paper'), size);
      return {
        runAsync: () => training.stepAsync(),
        beforeAsync: () => training.stepAsync(),
        disposeAsync() {
          training.dispose();
          return Promise.resolve();
        },
      };
    },
  };
}
