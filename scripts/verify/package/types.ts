/** Strict TypeScript projects of users that import every entry of the package, without `skipLibCheck`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runAsync } from '../consumer.js';

/** How such a project finds packages. */
export type Resolution = 'NodeNext' | 'Bundler';

/** A project: its settings and its one file. */
interface Project {
  lib: readonly string[];
  types: readonly string[];
  code: string;
}

export const PROJECTS: Readonly<Record<'node' | 'page', Project>> = {
  node: {
    lib: ['es2022'],
    types: ['node'],
    code: `import { Detector, detectFilesAsync, listPictures, type Detection } from 'aofd';
import { Device, Tensor, relu } from 'aofd/nn';
const detector = await Detector.createAsync({ score: 0.4 });
const detection: Detection = await detector.detectAsync(Buffer.from(''));
for (const face of detection.faces) {
  const [x1] = face.box;
  const ratio: number | undefined = face.occlusion?.ratio;
  console.log(x1 + 1, ratio, face.isOccluded(0.3));
}
for await (const result of detectFilesAsync(detector, listPictures(['p']), { annotate: true })) {
  if ('error' in result) console.error(result.error.message);
  else console.log(result.detection.faces.length);
}
const device: Device = detector.device;
const rectified: (x: Tensor) => Tensor = relu;
console.log(device, rectified);
await detector[Symbol.asyncDispose]();
`,
  },
  page: {
    lib: ['es2022', 'dom'],
    types: [],
    code: `/// <reference types="aofd/webgpu" />
import { Detector, drawFacesOnCanvas } from 'aofd/browser';
import { inspectAsync, type Inspection } from 'aofd/browser/inspect';
import { Device, relu } from 'aofd/nn';
const adapter: GPUAdapter | null = await navigator.gpu.requestAdapter();
const detector = await Detector.createAsync(adapter ? { adapter } : {});
const canvas = document.createElement('canvas');
const { faces } = await detector.detectAsync(canvas, { score: 0.5 });
drawFacesOnCanvas(canvas.getContext('2d')!, faces);
const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
const inside: Inspection = await inspectAsync(detector.core, pixels);
const device: Device = detector.core.device;
console.log(inside, device, relu);
await detector.disposeAsync();
`,
  },
};

/**
 * Compiles a project in `folder`, whose `node_modules` (or that of a folder above) holds the package.
 * @param tsc the compiler's `bin/tsc`
 * @returns what it says, one line per error
 */
export async function typeErrorsAsync(
  folder: string,
  project: keyof typeof PROJECTS,
  resolution: Resolution,
  tsc: string,
): Promise<string[]> {
  const { code, ...settings } = PROJECTS[project];
  const own = join(folder, `${project}-${resolution}`);
  mkdirSync(own, { recursive: true });
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    target: 'es2022',
    module: resolution === 'NodeNext' ? 'NodeNext' : 'ESNext',
    moduleResolution: resolution,
    ...settings,
  };
  writeFileSync(join(own, 'package.json'), '{"type":"module"}');
  writeFileSync(join(own, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  writeFileSync(join(own, 'main.ts'), code);
  const done = await runAsync(process.execPath, [tsc, '-p', own, '--pretty', 'false'], own);
  const lines = done.stdout.split('\n').filter((line) => line.includes('error TS'));
  if (lines.length > 0 || done.status === 0) return lines;
  return [`the compiler ended with ${done.signal ?? done.status}: ${done.stderr.slice(-300)}`];
}
