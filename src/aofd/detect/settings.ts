/** What may differ from one detection to the next. */
import { NnError } from '../../nn/index.js';
import { mostProposals } from '../boxes/proposals.js';
import type { Config } from '../config/index.js';
import type { Pass } from './prepare.js';

/** What may differ from one call to the next. */
export interface DetectSettings {
  /** Least probability of a face; default 0.5, or what the weights file recommends. */
  score?: number;
  /** A face is dropped where it overlaps a better one by more (IoU); default from the config. */
  nmsIou?: number;
  /** Faces per picture at most; default from the config. */
  maxDetections?: number;
  /** Segment what covers the faces (default true). */
  occlusion?: boolean;
  /**
   * Looks at the picture at these multiples of the configured size and joins what is found, e.g.
   * `[1, 1.5]` for smaller faces. Default `[1]`.
   */
  scales?: readonly number[];
  /** Looks at the mirrored picture too (default false). */
  flip?: boolean;
  /**
   * Looks closer at small faces, and at what covers them, where the picture has more pixels than the network's input
   * or shows a crowd (default true; large pictures of many people then take up to ten times as long). With `scales` the caller decides alone.
   */
  closerLook?: boolean;
}

/** Score threshold where neither caller nor weights name one. */
export const DEFAULT_SCORE = 0.5;

/**
 * Settings with their defaults.
 * @throws NnError `settings` for values that cannot be used
 */
export function completeSettings(
  config: Config,
  settings: DetectSettings,
): Required<DetectSettings> {
  const complete = {
    score: settings.score ?? DEFAULT_SCORE,
    nmsIou: settings.nmsIou ?? config.test.nmsIou,
    maxDetections: settings.maxDetections ?? config.test.maxDetections,
    occlusion: settings.occlusion ?? true,
    scales: settings.scales ?? [1],
    flip: settings.flip ?? false,
    closerLook: settings.closerLook ?? true,
  };
  const { score, nmsIou, maxDetections, scales } = complete;
  for (const [name, value] of Object.entries({ score, nmsIou })) {
    if (typeof value === 'number' && value >= 0 && value <= 1) continue;
    throw new NnError('settings', `detector: ${name} is ${value}.`, {
      fix: 'give a number from 0 to 1.',
    });
  }
  if (!Number.isInteger(maxDetections) || maxDetections < 1) {
    throw new NnError('settings', `detector: maxDetections is ${maxDetections}.`, {
      fix: 'give a whole number above 0.',
    });
  }
  const isScale = (s: unknown): boolean => typeof s === 'number' && s > 0 && s <= 8;
  if (!Array.isArray(scales) || scales.length === 0 || !scales.every(isScale)) {
    throw new NnError('settings', `detector: scales are ${JSON.stringify(scales)}.`, {
      fix: 'give at least one number above 0 and at most 8, such as [1, 1.5].',
    });
  }
  for (const name of ['occlusion', 'flip', 'closerLook'] as const) {
    if (typeof complete[name] === 'boolean') continue;
    throw new NnError('settings', `detector: ${name} is ${String(complete[name])}.`, {
      fix: 'give true or false.',
    });
  }
  const most = mostFaces(config, complete);
  if (settings.maxDetections !== undefined && maxDetections > most) {
    throw new NnError(
      'settings',
      `detector: maxDetections is ${maxDetections}, but the network looks closer at ${most} regions of a picture at most, and gives no more faces.`,
      {
        fix: `give at most ${most}, look at the picture more often (scales, flip), or raise proposals.test.postNmsTop or crowd.top in the config.`,
      },
    );
  }
  return complete;
}

/** The configuration for who asks for an input of a certain size: it is looked at as that input shows it. */
export function withoutCloserLooks(config: Config): Config {
  return {
    ...config,
    test: { ...config.test, smallFaceSize: null, crowdFaceSize: null, closeMaskSize: null },
  };
}

/** The most faces that a picture can give: the regions that reach the head, over all looks at it. */
export function mostFaces(
  { proposals, test }: Config,
  { scales, flip }: Pick<Required<DetectSettings>, 'scales' | 'flip'>,
): number {
  const second = [test.largeFaceSize, test.smallFaceSize].filter((size) => size != null).length;
  return mostProposals(proposals.test) * (scales.length * (flip ? 2 : 1) + second);
}

/** `settings` where `overrides` does not say otherwise; undefined says nothing. */
export function overridden(settings: DetectSettings, overrides: DetectSettings): DetectSettings {
  const said = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...settings, ...Object.fromEntries(said) };
}

/** The looks at a picture that settings ask for; the first is not mirrored. */
export function passesOf({ scales, flip }: Required<DetectSettings>): Pass[] {
  const sides = flip ? [false, true] : [false];
  return scales.flatMap((factor) => sides.map((isMirrored) => ({ factor, flip: isMirrored })));
}
