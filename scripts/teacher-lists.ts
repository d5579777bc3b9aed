/**
 * Lists of the faces that a detector of others finds, as docs/data.md describes them:
 * `npm run teachers -- --model FILE.onnx --pictures FOLDER --out lists/NAME.jsonl [--sizes 640,320]`. Faces found
 * at several sizes are joined. onnxruntime comes with `npm ci` in bench/peers.
 */
import { Command } from 'commander';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { openOnnxDetectorAsync, suppress } from '../bench/peers/onnx-detector.js';
import { openOrtAsync } from '../bench/peers/ort.js';
import { formatError } from '../src/aofd/cli/errors.js';
import { refuseOverwriting } from '../src/aofd/cli/outputs.js';
import { decodeImage } from '../src/aofd/index.js';
import { listPictures } from '../src/aofd/detect/files/list-pictures.js';
import { atomicWriteFile } from '../src/nn/io/files/atomic.js';

/** Boxes of one face at two sizes overlap by more. */
const SAME_FACE = 0.4;

interface Options {
  model: string;
  pictures: string;
  out: string;
  sizes: string;
  floor: string;
}

/** @returns whether every picture could be read */
async function mainAsync(options: Options): Promise<boolean> {
  const sizes = options.sizes.split(',').map(Number);
  const floor = Number(options.floor);
  if (!sizes.every((size) => size > 0) || !(floor >= 0 && floor < 1)) {
    throw new Error(`--sizes ${options.sizes}, --floor ${options.floor}: not sizes and a score.`);
  }
  const pictures = listPictures([options.pictures]);
  if (pictures.length === 0) throw new Error(`${options.pictures} has no pictures.`);
  refuseOverwriting([options.model, ...pictures.map(({ file }) => file)], [options.out]);
  const ort = await openOrtAsync('onnxruntime-node', availableParallelism());
  const detector = await openOnnxDetectorAsync(ort, options.model, availableParallelism());
  if (detector.kind === null) throw new Error(`${options.model} is neither SCRFD nor YuNet.`);

  const round = (value: number, unit: number): number => Math.round(value * unit) / unit;
  const [lines, start]: [string[], number] = [[], performance.now()];
  let faults = 0;
  for (const [i, { file, name }] of pictures.entries()) {
    try {
      // As training sees them: pixels as stored.
      const picture = await decodeImage(file);
      const found = [];
      for (const longSide of sizes) {
        found.push(...(await detector.detectAsync(picture, { floor, longSide })));
      }
      const faces = suppress(found, SAME_FACE).map(({ x1, y1, x2, y2, score }) => [
        ...[x1, y1, x2, y2].map((edge) => round(edge, 10)),
        round(score, 1000),
      ]);
      const { width, height } = picture;
      lines.push(JSON.stringify({ file: name, width, height, faces }));
    } catch (error) {
      faults++;
      process.stderr.write(`${(error as Error).message}\n`);
    }
    if ((i + 1) % 100 === 0) {
      const minutes = ((performance.now() - start) / (i + 1)) * (pictures.length - i - 1);
      process.stderr.write(
        `${i + 1} of ${pictures.length}, ${round(minutes / 60_000, 10)} min left\n`,
      );
    }
  }
  atomicWriteFile(options.out, `${lines.join('\n')}\n`);
  await detector.releaseAsync();
  process.stderr.write(`${options.out}: ${lines.length} pictures, ${faults} that cannot be read\n`);
  return faults === 0;
}

const command = new Command('teachers')
  .requiredOption('--model <file>', 'SCRFD or YuNet, ONNX')
  .requiredOption('--pictures <folder>', 'looked through with its subfolders')
  .requiredOption('--out <file>', 'JSON lines')
  .option('--sizes <list>', 'long sides that every picture is scaled to, pixels', '640')
  .option('--floor <score>', 'lowest score that is kept', '0.15');
try {
  process.exitCode = (await mainAsync(command.parse().opts<Options>())) ? 0 : 1;
} catch (error) {
  process.stderr.write(`teachers: ${formatError(error)}\n`);
  process.exitCode = 1;
}
