/**
 * Makes docs/images/demo.png from the pictures in demo-out/ (run the demo first):
 * `npx tsx examples/demo/readme-picture.ts [names]`. The photographs come from @vladmandic/face-api (MIT).
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const width = 640;
const names = process.argv.length > 2 ? process.argv.slice(2) : ['sample6', 'sample6-painted'];

const pictures = await Promise.all(
  names.map((name) =>
    sharp(path.join(root, 'demo-out', `${name}.png`))
      .resize(width)
      .toBuffer({ resolveWithObject: true }),
  ),
);
const height = Math.min(...pictures.map(({ info }) => info.height));
const folder = path.join(root, 'docs/images');
fs.mkdirSync(folder, { recursive: true });
await sharp({
  create: { width: width * pictures.length, height, channels: 3, background: '#ffffff' },
})
  .composite(pictures.map(({ data }, i) => ({ input: data, left: i * width, top: 0 })))
  .png({ palette: true, quality: 85, effort: 10 })
  .toFile(path.join(folder, 'demo.png'));
