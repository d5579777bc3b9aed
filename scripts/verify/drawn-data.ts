/** Small drawn data sets in the forms of WIDER FACE, SFS's stand-in, FDDB and MAFA, for trying a study. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { CounterRng } from '../../src/nn/index.js';
import { mat5, numbers, struct, text } from '../../test/helpers/mat-writer.js';

/** Pixels of a picture's sides. */
const SIDE = 160;

interface Drawn {
  name: string;
  rgb: Uint8Array;
  /** x, y, width, height. */
  box: [number, number, number, number];
  /** 255 inside. */
  face: Uint8Array;
  /** 255 where something covers the face. */
  cover: Uint8Array;
}

/**
 * Draws the sets below a folder: `wider/`, `sfs/`, `fddb/`, `mafa/`, and `pictures` under their names.
 * @param pictures paths from the folder that figures show
 */
export async function drawDataAsync(root: string, pictures: readonly string[]): Promise<void> {
  const drawn = Array.from({ length: 10 }, (_, i) => draw(i));
  for (const one of drawn) {
    const places = [
      `wider/WIDER_train/images/0--Drawn/${one.name}.jpg`,
      `sfs/images/${one.name}.jpg`,
      `fddb/originalPics/drawn/${one.name}.jpg`,
      `mafa/test-images/images/${one.name}.jpg`,
    ];
    for (const place of places) await pictureAsync(path.join(root, place), one.rgb, 3);
    await pictureAsync(path.join(root, `sfs/masks/${one.name}.png`), one.cover, 1);
    await pictureAsync(path.join(root, `sfs/face/${one.name}.png`), one.face, 1);
  }
  for (const [i, place] of pictures.entries()) {
    await pictureAsync(path.join(root, place), (drawn[i % drawn.length] as Drawn).rgb, 3);
  }
  write(
    root,
    'wider/wider_face_split/wider_face_train_bbx_gt.txt',
    drawn
      .map(({ name, box }) => `0--Drawn/${name}.jpg\n1\n${box.join(' ')} 0 0 0 0 0 0\n`)
      .join(''),
  );
  write(
    root,
    'sfs/index.json',
    JSON.stringify(
      drawn.map(({ name, box }, i) => ({
        id: name,
        split: i < 6 ? 'train' : 'test',
        width: SIDE,
        height: SIDE,
        box,
        occlusion: 0.4,
      })),
    ),
  );
  drawn.forEach(({ name, box: [x, y, w, h] }, i) => {
    const fold = `fddb/FDDB-folds/FDDB-fold-${String(i + 1).padStart(2, '0')}`;
    const ellipse = `${h / 2} ${w / 2} ${Math.PI / 2} ${x + w / 2} ${y + h / 2} 1`;
    write(root, `${fold}.txt`, `drawn/${name}\n`);
    write(root, `${fold}-ellipseList.txt`, `drawn/${name}\n1\n${ellipse}\n`);
  });
  const labels = drawn.map(({ name, box }, i) => {
    const row = [...box, 1 + (i % 3), 5, 30, 20, 10, 1, 2, 1, 1, 3, -1, -1, -1, -1];
    return { name: text(`${name}.jpg`), label: numbers([row]) };
  });
  fs.writeFileSync(
    path.join(root, 'mafa/LabelTestAll.mat'),
    mat5({ LabelTest: struct(...labels) }),
  );
}

/** A picture with one "face", whose lower part is covered. */
function draw(seed: number): Drawn {
  const rng = new CounterRng(seed, 'verify/drawn');
  const rgb = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => 60 + rng.int(60));
  const [face, cover] = [new Uint8Array(SIDE * SIDE), new Uint8Array(SIDE * SIDE)];
  const w = 50 + rng.int(30);
  const h = Math.floor(1.3 * w);
  const [x, y] = [rng.int(SIDE - w), rng.int(SIDE - h)];
  for (let v = 0; v < h; v++) {
    for (let u = 0; u < w; u++) {
      const [dx, dy] = [(2 * u) / w - 1, (2 * v) / h - 1];
      if (dx * dx + dy * dy > 1) continue;
      const p = (y + v) * SIDE + x + u;
      const isCover = v > 0.6 * h;
      face[p] = 255;
      if (isCover) cover[p] = 255;
      rgb.set(isCover ? [40, 90, 220] : [230, 190, 160], 3 * p);
    }
  }
  return { name: `drawn-${seed}`, rgb, box: [x, y, w, h], face, cover };
}

async function pictureAsync(file: string, data: Uint8Array, channels: 1 | 3): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  await sharp(data, { raw: { width: SIDE, height: SIDE, channels } }).toFile(file);
}

function write(root: string, place: string, content: string): void {
  const file = path.join(root, place);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}
