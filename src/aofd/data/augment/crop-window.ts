/**
 * Where a canvas looks in a photograph: a window in source pixels, chosen like RetinaFace and
 * SCRFD do (a crop of a ratio of the short side, kept where it shows a face), and what happens to
 * the face boxes under it.
 */
import type { AugmentConfig } from '../../config/augment.js';
import { boxCentre, type Box, type FaceBox } from '../sample.js';
import { chance, pick, randomInt, uniform, type Rng } from '../rng.js';

/** Window in source pixels (edges, may lie outside the picture); `flip` mirrors it. */
export interface CropWindow {
  left: number;
  top: number;
  width: number;
  height: number;
  flip: boolean;
}

/** Rectangle of the canvas, x1 and y1 exclusive. */
export interface Tile {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** A face on the canvas. `index` points into the sample's faces; -1: a head pasted before them. */
export interface CanvasFace {
  box: Box;
  ignore: boolean;
  index: number;
}

/**
 * Draws a window with the tile's aspect. If the picture has usable faces, the window contains the
 * centre of at least one (40 tries at random, then around a face drawn at random). With `decoyFocus`
 * it may contain the centre of a decoy instead.
 */
export function chooseWindow(
  width: number,
  height: number,
  faces: readonly FaceBox[],
  tile: Tile,
  rng: Rng,
  options: AugmentConfig['crop'],
  decoys: readonly Box[] = [],
): CropWindow {
  const flip = chance(rng, options.flip);
  const tileAspect = (tile.x1 - tile.x0) / (tile.y1 - tile.y0);
  const { decoyFocus = 0 } = options;
  // Without decoys nothing is drawn, so that options of old runs give their old crops.
  const isDecoy = decoyFocus > 0 && decoys.length > 0 && chance(rng, decoyFocus);
  const centres = isDecoy
    ? [boxCentre(pick(rng, decoys))]
    : faces.filter((face) => !face.ignore && !face.invalid).map(({ box }) => boxCentre(box));
  let window: CropWindow = { left: 0, top: 0, width, height, flip };
  for (let attempt = 0; attempt < 41; attempt++) {
    const jitter = Math.exp(uniform(rng, -options.scaleJitter, options.scaleJitter));
    const side = pick(rng, options.ratios) * jitter * Math.min(width, height);
    const stretch = Math.exp(uniform(rng, -options.aspectJitter, options.aspectJitter));
    const aspect = tileAspect * stretch;
    const w = Math.max(1, side * Math.sqrt(aspect));
    const h = Math.max(1, side / Math.sqrt(aspect));
    let left = uniform(rng, Math.min(0, width - w), Math.max(0, width - w));
    let top = uniform(rng, Math.min(0, height - h), Math.max(0, height - h));
    if (attempt === 40) {
      const [cx, cy] = centres[randomInt(rng, centres.length)] ?? [width / 2, height / 2];
      left = cx - w * uniform(rng, 0.3, 0.7);
      top = cy - h * uniform(rng, 0.3, 0.7);
    }
    window = { left, top, width: w, height: h, flip };
    const shows = ([cx, cy]: readonly [number, number]): boolean =>
      cx >= left && cx < left + w && cy >= top && cy < top + h;
    if (centres.length === 0 || centres.some(shows)) return window;
  }
  return window;
}

/**
 * Boxes on the canvas. A face whose centre is inside the window is kept, cut to the tile; one that
 * only reaches into it becomes `ignore`; so does one whose shorter side is below `minFacePx`.
 * Faces marked invalid or ignore stay `ignore`. Order: as in `faces`.
 * @param clipBoxes false: a face that is kept has its whole box, also what of it lies beyond the tile
 * or the picture; ignored ones are regions of the tile and are still cut
 */
export function mapFaces(
  faces: readonly FaceBox[],
  window: CropWindow,
  tile: Tile,
  minFacePx: number,
  clipBoxes = true,
): CanvasFace[] {
  const mapped: CanvasFace[] = [];
  faces.forEach((face, index) => {
    const [u0, v0, u1, v1] = mapEdges(face.box, window, tile);
    const cx = (u0 + u1) / 2;
    const cy = (v0 + v1) / 2;
    const isCentreInside = cx >= tile.x0 && cx < tile.x1 && cy >= tile.y0 && cy < tile.y1;
    const left = Math.max(u0, tile.x0);
    const right = Math.min(u1, tile.x1);
    const top = Math.max(v0, tile.y0);
    const bottom = Math.min(v1, tile.y1);
    if (right - left < 1 || bottom - top < 1) return;
    const isSmall = Math.min(right - left, bottom - top) < minFacePx;
    const ignore = !isCentreInside || isSmall || face.ignore || face.invalid;
    const [x1, y1, x2, y2] =
      clipBoxes || ignore
        ? [left, top, right, bottom]
        : mapEdges(face.whole ?? face.box, window, tile);
    mapped.push({ box: [x1, y1, x2 - 1, y2 - 1], ignore, index });
  });
  return mapped;
}

/** Edges (x2 and y2 exclusive) on the canvas of a box of the picture. */
function mapEdges([x1, y1, x2, y2]: Readonly<Box>, window: CropWindow, tile: Tile): Box {
  const sx = (tile.x1 - tile.x0) / window.width;
  const sy = (tile.y1 - tile.y0) / window.height;
  let u0 = (x1 - window.left) * sx;
  let u1 = (x2 + 1 - window.left) * sx;
  if (window.flip) [u0, u1] = [tile.x1 - tile.x0 - u1, tile.x1 - tile.x0 - u0];
  const v0 = (y1 - window.top) * sy + tile.y0;
  const v1 = (y2 + 1 - window.top) * sy + tile.y0;
  return [u0 + tile.x0, v0, u1 + tile.x0, v1];
}
