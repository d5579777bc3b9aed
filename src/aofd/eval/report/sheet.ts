/** Sheets of crops: what a detector took for faces, and the faces that it missed. */
import sharp from 'sharp';
import { decodeImage } from '../../data/files/decode.js';
import type { DecodedImage } from '../../data/sample.js';
import { drawBox, drawText, fillRect, type Color, type Raster } from '../../detect/drawing/draw.js';
import { CAP_HEIGHT, textWidth } from '../../detect/drawing/font.js';
import type { EvalImage, Finding } from '../protocol.js';

/** A sheet of crops. */
export interface Sheet {
  kind: Finding['kind'];
  /** Crops on it. */
  count: number;
  png: Uint8Array;
  /** Smaller, for embedding. */
  jpeg: Uint8Array;
}

/** How sheets look. */
export interface SheetOptions {
  columns?: number;
  /** Crops per sheet and kind at most. */
  count?: number;
  /** Side of the square crop in pixels. */
  tile?: number;
}

const COLORS: Record<Finding['kind'], Color> = {
  'false-positive': [255, 120, 64],
  missed: [86, 196, 255],
};
const PAPER: Color = [24, 28, 34];
const EMPTY: Color = [38, 44, 52];
const TEXT: Color = [226, 231, 238];
const FAINT: Color = [150, 160, 172];
const GAP = 10;
/** Two lines of what it is and one for the name of the picture. */
const CAPTION = 46;
const LINE = 13;
/**
 * The crop shows this many times the longer side of the box, less where the picture ends before, at
 * least `LEAST` pixels.
 */
const CONTEXT = 2.6;
const TIGHT = 1.15;
const LEAST = 48;

/**
 * One sheet for each kind of finding that has some. Findings whose pictures are not there or cannot
 * be read are passed over.
 */
export async function makeSheetsAsync(
  findings: readonly Finding[],
  images: readonly EvalImage[],
  options: SheetOptions = {},
): Promise<Sheet[]> {
  const files = new Map(images.map((image) => [image.name, image.file]));
  const sheets: Sheet[] = [];
  for (const kind of ['false-positive', 'missed'] as const) {
    const some = findings.filter((finding) => finding.kind === kind);
    const sheet = await makeSheetAsync(kind, some, files, options);
    if (sheet) sheets.push(sheet);
  }
  return sheets;
}

interface Tile {
  finding: Finding;
  raster: Raster;
}

async function makeSheetAsync(
  kind: Finding['kind'],
  findings: readonly Finding[],
  files: ReadonlyMap<string, string | null>,
  options: SheetOptions,
): Promise<Sheet | null> {
  const { columns = 6, count = 24, tile = 176 } = options;
  const tiles: Tile[] = [];
  for (const finding of findings) {
    if (tiles.length >= count) break;
    const file = files.get(finding.image);
    const image = file ? await decodeImage(file).catch(() => null) : null;
    if (image) tiles.push({ finding, raster: await cropAsync(image, finding, tile) });
  }
  if (tiles.length === 0) return null;
  const across = Math.min(columns, tiles.length);
  const down = Math.ceil(tiles.length / across);
  const width = across * (tile + GAP) + GAP;
  const height = down * (tile + CAPTION + GAP) + GAP;
  const sheet: Raster = { width, height, data: new Uint8Array(width * height * 3) };
  fillRect(sheet, [0, 0, width, height], PAPER);
  for (const [i, { finding, raster }] of tiles.entries()) {
    const left = GAP + (i % across) * (tile + GAP);
    const top = GAP + Math.floor(i / across) * (tile + CAPTION + GAP);
    paste(sheet, raster, left, top);
    caption(sheet, finding, left, top + tile + 7, tile);
  }
  const encoder = sharp(sheet.data, { raw: { width, height, channels: 3 } });
  const [png, jpeg] = await Promise.all([
    encoder.clone().png({ compressionLevel: 9 }).toBuffer(),
    encoder.clone().jpeg({ quality: 84, mozjpeg: true }).toBuffer(),
  ]);
  return { kind, count: tiles.length, png, jpeg };
}

/** The box with what is around it, scaled to the tile; outside of the picture stays dark. */
async function cropAsync(image: DecodedImage, finding: Finding, tile: number): Promise<Raster> {
  const [x1, y1, x2, y2] = finding.box;
  const longer = Math.max(x2 - x1, y2 - y1);
  const picture = Math.max(image.width, image.height);
  const side = Math.max(LEAST, Math.min(CONTEXT * longer, Math.max(TIGHT * longer, picture)));
  const left = (x1 + x2 - side) / 2;
  const top = (y1 + y2 - side) / 2;
  const scale = tile / side;
  const out: Raster = { width: tile, height: tile, data: new Uint8Array(tile * tile * 3) };
  fillRect(out, [0, 0, tile, tile], EMPTY);
  // The part of the crop that the picture has.
  const from = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top))] as const;
  const to = [
    Math.min(image.width, Math.ceil(left + side)),
    Math.min(image.height, Math.ceil(top + side)),
  ] as const;
  const [width, height] = [to[0] - from[0], to[1] - from[1]];
  if (width > 0 && height > 0) {
    const { data, info } = await sharp(image.data, {
      raw: { width: image.width, height: image.height, channels: 3 },
    })
      .extract({ left: from[0], top: from[1], width, height })
      .resize(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), {
        fit: 'fill',
      })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const part = { width: info.width, height: info.height, data };
    paste(out, part, Math.round((from[0] - left) * scale), Math.round((from[1] - top) * scale));
  }
  drawBox(out, [(x1 - left) * scale, (y1 - top) * scale, (x2 - left) * scale, (y2 - top) * scale], {
    color: COLORS[finding.kind],
    thickness: 2,
  });
  return out;
}

/** Copies a raster into another, clipped. */
function paste(to: Raster, from: Raster, left: number, top: number): void {
  const x1 = Math.max(0, left);
  const x2 = Math.min(to.width, left + from.width);
  if (x2 <= x1) return;
  for (let y = Math.max(0, top); y < Math.min(to.height, top + from.height); y++) {
    const start = ((y - top) * from.width + (x1 - left)) * 3;
    to.data.set(from.data.subarray(start, start + (x2 - x1) * 3), (y * to.width + x1) * 3);
  }
}

/** Score or reason in two lines, and the picture's name below. */
function caption(sheet: Raster, finding: Finding, left: number, top: number, width: number): void {
  const size = 8;
  const score = finding.score === undefined ? '' : finding.score.toFixed(3);
  const head = finding.label.includes(score) ? finding.label : `${score} ${finding.label}`;
  const first = wrap(head, size, width);
  drawText(sheet, left, top, fit(first, size, width, 'end'), { size, color: TEXT });
  const rest = head.slice(first.length).trimStart();
  drawText(sheet, left, top + LINE, fit(rest, size, width, 'end'), { size, color: TEXT });
  const name = fit(finding.image, 7, width, 'start');
  drawText(sheet, left, top + (rest ? 2 : 1) * LINE + 1, name, { size: 7, color: FAINT });
}

const isWide = (text: string, size: number, width: number): boolean =>
  (textWidth(text) * size) / CAP_HEIGHT > width;

/** As many whole words as fit on a line, at least one. */
function wrap(text: string, size: number, width: number): string {
  let end = text.length;
  while (isWide(text.slice(0, end), size, width)) {
    const space = text.lastIndexOf(' ', end - 1);
    if (space <= 0) break;
    end = space;
  }
  return text.slice(0, end);
}

/** Text shortened at its end, or at its start where the end says more. */
function fit(text: string, size: number, width: number, cut: 'start' | 'end'): string {
  if (!isWide(text, size, width)) return text;
  let characters = [...text];
  const shown = (): string =>
    cut === 'end' ? `${characters.join('')}...` : `...${characters.join('')}`;
  while (characters.length > 1 && isWide(shown(), size, width)) {
    characters = cut === 'end' ? characters.slice(0, -1) : characters.slice(1);
  }
  return shown();
}
