import type { TensorDevice } from '../../tensor/tensor.js';
import { NnError } from '../../errors.js';
import type { Platform } from '../../platform/types.js';
import { presentName } from '../algorithm-names.js';
import { tileLimitsOf } from '../capabilities.js';
import {
  convAlgorithms,
  convPrecisions,
  type ConvAlgorithm,
  type ConvCapabilities,
  type ConvPrecision,
} from './plan.js';

/** One of the values that a variable may have; undefined when it is not set. */
function choiceOf<T extends string>(
  platform: Pick<Platform, 'env'>,
  name: string,
  values: readonly T[],
): T | undefined {
  const text = platform.env(name);
  if (text === undefined || text === '') return undefined;
  const known = values.find((value) => value === presentName(text));
  if (known) return known;
  throw new NnError('argument', `${name} is "${text}".`, {
    fix: `set it to one of ${values.join(', ')}, or unset it.`,
  });
}

/** The algorithm and the precision that AOFD_ALGORITHM and AOFD_PRECISION ask for, if any. */
export function convEnvironment(platform: Pick<Platform, 'env'>): {
  algorithm: ConvAlgorithm | undefined;
  precision: ConvPrecision | undefined;
} {
  return {
    algorithm: choiceOf(platform, 'AOFD_ALGORITHM', convAlgorithms),
    precision: choiceOf(platform, 'AOFD_PRECISION', convPrecisions),
  };
}

/** What this device lets the convolution planner use. */
export function capabilitiesOf(
  device: TensorDevice,
): Omit<ConvCapabilities, 'force' | 'precision' | 'tuned'> {
  const { limits, bindingLimit, readsStorageTextures } = device.context;
  return {
    kind: device.kind,
    lanes: readsStorageTextures ? device.subgroupSize : 0,
    maxTextureSide: limits.maxTextureDimension2D,
    maxTextureLayers: limits.maxTextureArrayLayers,
    tile: tileLimitsOf(device),
    bindingLimit,
  };
}
