/** `aofd inspect`: every intermediate tensor of one picture, and heat maps. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Command } from 'commander';
import type { StoredTensor } from '../../nn/io/index.js';
import type { DecodedImage } from '../data/sample.js';
import type { Inspection } from '../detect/inspect/inspect.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { checkOutFolder, refuseOverwriting } from './outputs.js';
import {
  addDeviceOption,
  parseInteger,
  parseNumber,
  printDeviceNotices,
  printNotice,
} from './common.js';

interface InspectFlags {
  weights?: string;
  out: string;
  score?: number;
  device?: string;
  faces: number;
}

/** Side of a face in the panels of the mask generator, pixels. */
const PANEL_SIDE = 224;

export function register(program: Command): void {
  const command = program
    .command('inspect')
    .description('write the intermediate tensors and heat maps of one picture')
    .argument('<image>', 'a picture file')
    .option('--weights <file>', 'weights (default: $AOFD_WEIGHTS or those of the package)')
    .requiredOption('--out <folder>', 'where tensors.safetensors and the PNG files go')
    .option('--score <number>', 'least probability of a face (default: 0.5)', parseNumber(0, 1))
    .option('--faces <count>', 'faces that get panels of the mask generator', parseInteger(0), 20);
  addDeviceOption(command).action(runAsync);
}

async function runAsync(file: string, flags: InspectFlags): Promise<void> {
  const { decodeImage } = await import('../data/files/decode.js');
  const { Detector } = await import('../detect/detector.js');
  const { annotatedPngAsync } = await import('../detect/files/detect-files.js');
  const { inspectAsync } = await import('../detect/inspect/inspect.js');
  const { writeSafetensorsFileAsync } = await import('../../nn/io/files/index.js');
  const { findWeightsFile } = await import('../weights/files/detector-weights.js');
  checkOutputs(flags.out, [file, flags.weights ?? findWeightsFile() ?? undefined]);
  const image = await decodeImage(file, { autoOrient: true });
  await using detector = await Detector.createAsync({
    ...(flags.weights === undefined ? {} : { weights: flags.weights }),
    ...(flags.device === undefined ? {} : { device: flags.device }),
    ...(flags.score === undefined ? {} : { score: flags.score }),
  });
  await printDeviceNotices(detector.device);
  const inspection = await inspectAsync(detector, image);
  const { faces, tensors } = inspection;
  fs.mkdirSync(flags.out, { recursive: true });
  const save = (name: string, png: Uint8Array): void =>
    atomicWriteFile(path.join(flags.out, name), png, { flush: false });
  save('detections.png', await annotatedPngAsync(image, faces));
  for (const [name, png] of await heatMapsAsync(image, inspection, flags.faces)) save(name, png);
  await writeSafetensorsFileAsync(
    path.join(flags.out, 'tensors.safetensors'),
    Object.fromEntries(tensors),
    {
      image: path.basename(file),
      width: String(image.width),
      height: String(image.height),
      scale: String(inspection.scale),
      weights: detector.weights.sha256 ?? '',
      adapter: detector.device.adapter.description,
    },
  );
  printNotice(`${faces.length} faces; wrote ${tensors.size} tensors and heat maps to ${flags.out}`);
}

/** @throws UsageError where the picture or the weights bear the name of something that is written */
function checkOutputs(out: string, inputs: readonly (string | undefined)[]): void {
  const written =
    /^(detections|occluders|objectness-stride\d+|face-\d+-generator)\.png$|^tensors\.safetensors$/;
  checkOutFolder(out);
  const names = fs.existsSync(out) ? fs.readdirSync(out) : [];
  const replaced = names.filter((name) => written.test(name)).map((name) => path.join(out, name));
  refuseOverwriting(inputs, replaced);
}

/** PNG files by name. */
async function heatMapsAsync(
  image: DecodedImage,
  { faces, tensors, scale }: Inspection,
  limit: number,
): Promise<[string, Uint8Array][]> {
  const { cropSquare, generatorPanels, heatOver } = await import('../detect/inspect/heat.js');
  const { pngAsync } = await import('../detect/files/detect-files.js');
  const files: [string, Uint8Array][] = [];
  for (const [name, tensor] of tensors) {
    const stride = /^rpn\/objectness\/stride(\d+)$/.exec(name)?.[1];
    if (stride === undefined) continue;
    const [, height = 0, width = 0] = tensor.shape;
    const map = { values: best(tensor), height, width, scale: scale / Number(stride) };
    files.push([`objectness-stride${stride}.png`, await pngAsync(heatOver(image, map))]);
  }
  const occluder = tensors.get('segmentation/occluder');
  if (occluder) {
    const [height = 0, width = 0] = occluder.shape;
    const values = Float32Array.from(occluder.data as Uint8Array, (v) => v / 255);
    files.push([
      'occluders.png',
      await pngAsync(heatOver(image, { values, height, width, scale: 1 })),
    ]);
  }
  const heat = tensors.get('generator/heat');
  const mask = tensors.get('generator/mask');
  if (!heat || !mask) return files;
  const [, cells = 7] = heat.shape;
  for (const [i, face] of faces.slice(0, limit).entries()) {
    const part = (t: StoredTensor): Float32Array =>
      (t.data as Float32Array).subarray(i * cells * cells, (i + 1) * cells * cells);
    const crop = cropSquare(image, face.box, PANEL_SIDE);
    const panels = generatorPanels(crop, part(heat), part(mask), cells);
    files.push([`face-${String(i + 1).padStart(2, '0')}-generator.png`, await pngAsync(panels)]);
  }
  return files;
}

/** The largest of all anchors at each cell. */
function best({ data, shape }: StoredTensor): Float32Array {
  const [anchors = 0, height = 0, width = 0] = shape;
  const out = new Float32Array(height * width);
  for (let a = 0; a < anchors; a++) {
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.max(out[i]!, Number(data[a * out.length + i]));
    }
  }
  return out;
}
