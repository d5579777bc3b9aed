/** The libraries that `npm run bench -- --peers` compares with; installed here on demand. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../src/nn/index.js';
import { usableCores } from '../measure/environment.js';
import type { Peers } from './peers.js';
import { detectorFiguresAsync } from './detectors.js';
import { openOrtAsync, ortContestant, type Ort, type OrtMaker } from './ort.js';
import { tfjsContestant } from './tfjs-work.js';
import { openTfjsAsync, type TfjsPeer } from './tfjs.js';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Names and exact versions, from the package's own file. */
function versions(): Record<string, string> {
  const text = readFileSync(path.join(here, 'package.json'), 'utf8');
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;
}

/**
 * Installs the packages where they are missing.
 * @throws Error when npm fails
 */
export function installPeers(print: (line: string) => void): void {
  const names = Object.keys(versions());
  if (names.every((name) => existsSync(path.join(here, 'node_modules', name)))) return;
  print(`installing ${names.join(', ')} into bench/peers (about 600 MB, once)`);
  const { status } = spawnSync('npm', ['ci'], {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    throw new Error(
      'npm ci failed in bench/peers. Fix: run it there by hand, or leave out --peers.',
    );
  }
}

/** A library that does not load here is named and left out. */
async function tryAsync<T>(
  name: string,
  print: (line: string) => void,
  open: () => Promise<T>,
): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    print(`${name} does not run here and is left out: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}

/** Opens every library. `onnx`: detectors of the user's, by name. */
export async function openPeersAsync(
  device: Device,
  deviceName: string | undefined,
  options: { onnx: readonly { name: string; file: string }[]; print(line: string): void },
): Promise<Peers> {
  const { print, onnx } = options;
  const cores = usableCores();
  const tfjs = await tryAsync<TfjsPeer>('tfjs-backend-webgpu', print, () =>
    openTfjsAsync(device, deviceName),
  );
  const orts: [OrtMaker, Ort][] = [];
  for (const maker of ['onnxruntime-node', 'onnxruntime-web'] as const) {
    const ort = await tryAsync(maker, print, () => openOrtAsync(maker, cores));
    if (ort) orts.push([maker, ort]);
  }
  return {
    versions: versions(),
    contestants: (work, isQuick) =>
      [
        tfjs && tfjsContestant(tfjs, device, work, isQuick),
        ...orts
          .filter(([maker]) => !isQuick || maker === 'onnxruntime-node')
          .map(([maker, ort]) => ortContestant(ort, maker, cores, device, work)),
      ].filter((contestant) => contestant !== null),
    figuresAsync: (jobs) =>
      detectorFiguresAsync(jobs, {
        tf: tfjs?.tf ?? null,
        ort: orts.find(([maker]) => maker === 'onnxruntime-node')?.[1] ?? null,
        onnx,
      }),
    closeAsync() {
      tfjs?.destroy();
      return Promise.resolve();
    },
  };
}

/** `NAME=FILE`. */
export function parseOnnxDetector(text: string): { name: string; file: string } {
  const at = text.indexOf('=');
  const file = text.slice(at + 1);
  if (at < 1 || !existsSync(file)) {
    throw new Error(
      `--onnx-detector "${text}": ${at < 1 ? 'there is no NAME=' : 'the file is not there'}. Fix: pass NAME=FILE.onnx, relative to ${process.cwd()}.`,
    );
  }
  return { name: text.slice(0, at), file };
}
