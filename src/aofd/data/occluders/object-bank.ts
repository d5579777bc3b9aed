/**
 * Photographed things to paint over faces: hands, glasses, scarves, masks, objects. Each kind has its
 * usual place on a face; size, turn and light are drawn.
 */
import type { PhotoKind } from '../../config/occluder-kinds.js';
import { toPixel, type FaceFrame, type FaceLight } from './frame.js';
import { pasteCutout, type Cutout } from './cutout-bank.js';
import type { PaintTarget } from './raster.js';
import { chance, pick, uniform, type Rng } from '../rng.js';

/** Ranges in face coordinates: -1..1 is the face's box. */
interface Habit {
  u: readonly [number, number];
  v: readonly [number, number];
  /** Half of the longer side (`byWidth`: of the width) against half the face's mean side. */
  size: readonly [number, number];
  byWidth: boolean;
  /** Largest turn either way, radians. */
  turn: number;
}

const HABITS: Readonly<Record<PhotoKind, Habit>> = {
  'photo-hand': { u: [-1, 1], v: [-0.3, 1.2], size: [0.7, 1.3], byWidth: false, turn: 1.2 },
  'photo-glasses': {
    u: [-0.1, 0.1],
    v: [-0.3, -0.12],
    size: [0.75, 0.98],
    byWidth: true,
    turn: 0.12,
  },
  'photo-scarf': { u: [-0.2, 0.2], v: [0.7, 1.2], size: [1, 1.5], byWidth: true, turn: 0.25 },
  'photo-mask': { u: [-0.12, 0.12], v: [0.4, 0.6], size: [0.85, 1.05], byWidth: true, turn: 0.12 },
  'photo-object': { u: [-0.9, 0.9], v: [-0.6, 1], size: [0.35, 0.9], byWidth: false, turn: 0.7 },
};

/** An object; its rectangle is -1..1 of a frame of its own. */
export interface PhotoObject extends Cutout {
  /** Mean colour where it is opaque. */
  mean: readonly [number, number, number];
}

/** Makes an object of RGB and alpha (0..255). */
export function photoObject(
  width: number,
  height: number,
  rgb: Uint8Array,
  alpha: Uint8Array,
): PhotoObject {
  const sums = [0, 0, 0];
  let weight = 0;
  for (let i = 0; i < alpha.length; i++) {
    weight += alpha[i]!;
    for (let c = 0; c < 3; c++) sums[c]! += alpha[i]! * rgb[3 * i + c]!;
  }
  const mean = sums.map((v) => v / Math.max(1, weight)) as [number, number, number];
  const box = { u0: -1, v0: -1, u1: 1, v1: 1 };
  return { width, height, rgb, alpha, ...box, faceLuma: luma(mean), mean };
}

const luma = ([r, g, b]: readonly [number, number, number]): number =>
  0.299 * r + 0.587 * g + 0.114 * b;

/** Pastes one of the objects over the face at the usual place of its kind. */
export function paintPhotoObject(
  kind: PhotoKind,
  objects: readonly PhotoObject[],
  target: PaintTarget,
  face: { frame: FaceFrame; light: FaceLight },
  rng: Rng,
): void {
  const { frame, light } = face;
  const habit = HABITS[kind];
  const object = pick(rng, objects);
  const [cx, cy] = toPixel(
    { ...frame, yaw: 0 },
    uniform(rng, ...habit.u),
    uniform(rng, ...habit.v),
  );
  const unit =
    uniform(rng, ...habit.size) * (habit.byWidth ? frame.hw : Math.sqrt(frame.hw * frame.hh));
  const longer = habit.byWidth ? object.width : Math.max(object.width, object.height);
  const turn = Math.atan2(frame.sin, frame.cos) + uniform(rng, -habit.turn, habit.turn);
  const place: FaceFrame = {
    cx,
    cy,
    hw: (unit * object.width) / longer,
    hh: (unit * object.height) / longer,
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    yaw: 0,
  };
  const isMirrored = chance(rng, 0.5);
  // A hand has the skin of its face, or that of somebody beside; things only share its light.
  const isOwnSkin = kind === 'photo-hand' && chance(rng, 0.7);
  const tint = isOwnSkin
    ? light.skin.map((v, c) => Math.min(1.8, Math.max(0.3, v / Math.max(20, object.mean[c]!))))
    : [1, 1, 1];
  const ratio = Math.min(1.6, Math.max(0.4, luma(light.skin) / Math.max(20, luma(object.mean))));
  const gain = (isOwnSkin ? 1 : Math.sqrt(ratio)) * uniform(rng, 0.85, 1.15);
  const isGlass = kind === 'photo-glasses' && chance(rng, 0.3);
  const opacity = isGlass ? uniform(rng, 0.55, 0.9) : 1;
  pasteCutout(
    target,
    object,
    { frame: place, u0: -1, v0: -1, u1: 1, v1: 1, isMirrored },
    { order: [0, 1, 2], tint, gain, opacity },
    face,
  );
}
