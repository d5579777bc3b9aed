/** A small set of drawn faces in the form of WIDER FACE: where nothing to train on was given. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { atomicWriteFile } from '../../../src/nn/io/files/index.js';
import { CounterRng } from '../../../src/nn/index.js';

const PICTURES = 64;
const SIZE = { width: 480, height: 360 };
const SKIN = ['#f1d0b5', '#e0ac85', '#c68642', '#8d5524', '#5c3a21'];

/** Differences to the preset: one joint stage on the drawn set, until it is stopped. */
function drawnConfig(folder: string): unknown {
  return {
    preset: 'lite',
    stages: [
      {
        name: 'drawn',
        kind: 'joint',
        steps: 1_000_000,
        lr: 0.001,
        schedule: 'constant',
        warmupSteps: 100,
        decayAt: [],
        decayFactor: 0.1,
        finalLrFactor: 1,
        mu: 1,
        data: { drawn: 1 },
        order: 'weighted',
        segFraction: 0,
        paintProbability: 0.4,
      },
    ],
    train: { validateEverySteps: 0, samplesEverySteps: 0, validation: null },
    data: {
      root: folder,
      sources: { drawn: { kind: 'wider', list: 'faces.txt', images: 'pictures' } },
    },
  };
}

/**
 * Writes pictures, list and configuration; the same every time.
 * @returns the configuration, for `aofd train --config`
 */
export async function writeDrawnSetAsync(folder: string): Promise<string> {
  fs.mkdirSync(path.join(folder, 'pictures'), { recursive: true });
  let list = '';
  for (let i = 0; i < PICTURES; i++) {
    const { svg, boxes } = drawPicture(new CounterRng(1, 'bundle/drawn').fork(i));
    const name = `${String(i).padStart(3, '0')}.jpg`;
    const jpeg = await sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer();
    atomicWriteFile(path.join(folder, 'pictures', name), jpeg, { flush: false });
    const rows = boxes.map((box) => `${box.join(' ')} 0 0 0 0 0 0\n`);
    list += `${name}\n${boxes.length}\n${rows.join('')}`;
  }
  atomicWriteFile(path.join(folder, 'faces.txt'), list);
  const config = path.join(folder, 'train.json');
  atomicWriteFile(config, `${JSON.stringify(drawnConfig(folder), null, 2)}\n`);
  return config;
}

/** Shapes without meaning, and one to three faces before them; boxes are x, y, width, height. */
function drawPicture(rng: CounterRng): { svg: string; boxes: number[][] } {
  const { width, height } = SIZE;
  const colour = (): string => `hsl(${rng.int(360)},${20 + rng.int(50)}%,${20 + rng.int(60)}%)`;
  const parts = [`<rect width="${width}" height="${height}" fill="${colour()}"/>`];
  for (let i = 0; i < 12; i++) {
    const [x, y, w, h] = [rng.int(width), rng.int(height), 10 + rng.int(120), 10 + rng.int(90)];
    parts.push(
      i % 2 === 0
        ? `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${colour()}"/>`
        : `<ellipse cx="${x}" cy="${y}" rx="${w / 2}" ry="${h / 2}" fill="${colour()}"/>`,
    );
  }
  const boxes: number[][] = [];
  const count = 1 + rng.int(3);
  for (let i = 0; i < count; i++) {
    // A column of the picture each, so that no face covers another.
    const column = width / count;
    const w = Math.min(Math.round(column * 0.8), 30 + rng.int(90));
    const h = Math.round(1.25 * w);
    const x = Math.round(i * column) + rng.int(Math.max(1, Math.floor(column) - w));
    const y = rng.int(height - h);
    parts.push(drawFace(x, y, w, h, SKIN[rng.int(SKIN.length)] ?? '#e0ac85', colour()));
    boxes.push([x, y, w, h]);
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join('')}</svg>`;
  return { svg, boxes };
}

function drawFace(x: number, y: number, w: number, h: number, skin: string, hair: string): string {
  const eye = (at: number): string =>
    `<ellipse cx="${x + at * w}" cy="${y + 0.42 * h}" rx="${0.09 * w}" ry="${0.05 * h}" fill="#fff"/>` +
    `<circle cx="${x + at * w}" cy="${y + 0.42 * h}" r="${0.04 * w}" fill="#222"/>`;
  return (
    `<ellipse cx="${x + w / 2}" cy="${y + 0.45 * h}" rx="${0.6 * w}" ry="${0.6 * h}" fill="${hair}"/>` +
    `<ellipse cx="${x + w / 2}" cy="${y + h / 2}" rx="${w / 2}" ry="${h / 2}" fill="${skin}"/>` +
    eye(0.3) +
    eye(0.7) +
    `<path d="M${x + w / 2} ${y + 0.45 * h} l${-0.05 * w} ${0.17 * h} h${0.1 * w}" stroke="#0006" fill="none"/>` +
    `<ellipse cx="${x + w / 2}" cy="${y + 0.78 * h}" rx="${0.2 * w}" ry="${0.05 * h}" fill="#a33"/>`
  );
}
