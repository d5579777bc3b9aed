/**
 * A file of named arrays, whatever its format, opened by its content rather than its suffix:
 * safetensors, HDF5, .npz, .npy (a dictionary), or a folder of .npy files.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { diskError } from '../../../../nn/io/files/disk-errors.js';
import { IoError } from '../../../../nn/io/errors.js';
import { H5File } from '../../../../nn/io/files/h5.js';
import { isNpy, listNpz, parseNpy, parseNpyDict, parseNpz } from '../../../../nn/io/npy.js';
import { checkRegularFile, readRegularFile } from '../../../../nn/io/files/regular-file.js';
import { SafetensorsFile } from '../../../../nn/io/files/safetensors-file.js';
import type { FloatTensor } from '../../../../nn/io/stored-tensor.js';

export type WeightFormat = 'safetensors' | 'hdf5' | 'npz' | 'npy' | 'npy-folder';

export interface WeightSource {
  readonly format: WeightFormat;
  readonly names: readonly string[];
  /** Free text that the file carries about itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one array as float32; only then its bytes are fetched, where the format allows. */
  read(name: string): FloatTensor;
  close(): void;
}

const TORCH_FIX =
  'convert it once where PyTorch is installed: python -c "import torch, safetensors.torch as s; ' +
  "s.save_file(torch.load('FILE', map_location='cpu'), 'FILE.safetensors')\".";

export async function openWeightSourceAsync(path: string): Promise<WeightSource> {
  const { isFolder, head } = peek(path);
  if (isFolder) return openNpyFolder(path);
  if (head[0] === 0x89 && head[1] === 0x48) return openH5Async(path);
  if (isNpy(head)) return fixedSource('npy', parseNpyDict(readRegularFile(path), path));
  if (head[0] === 0x50 && head[1] === 0x4b) return openZip(path);
  if (head[0] === 0x80 && head[1] === 0x02) {
    throw new IoError('io/format', 'a PyTorch pickle, which is not read here.', {
      where: path,
      fix: TORCH_FIX,
    });
  }
  const file = SafetensorsFile.open(path);
  return {
    format: 'safetensors',
    names: file.names,
    metadata: file.metadata,
    read: (name) => file.readFloat32(name),
    close: () => file.close(),
  };
}

function peek(path: string): { isFolder: boolean; head: Uint8Array } {
  const head = new Uint8Array(8);
  try {
    if (statSync(path).isDirectory()) return { isFolder: true, head };
    checkRegularFile(path);
    const fd = openSync(path, 'r');
    try {
      readSync(fd, head, 0, 8, 0);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw diskError('read', path, cause);
  }
  return { isFolder: false, head };
}

function fixedSource(
  format: WeightFormat,
  arrays: Readonly<Record<string, FloatTensor>>,
): WeightSource {
  return {
    format,
    names: Object.keys(arrays),
    metadata: {},
    read: (name) => arrays[name]!,
    close: () => undefined,
  };
}

async function openH5Async(path: string): Promise<WeightSource> {
  const file = await H5File.openAsync(path);
  return {
    format: 'hdf5',
    names: file.names,
    metadata: {},
    read: (name) => file.read(name),
    close: () => file.close(),
  };
}

function openZip(path: string): WeightSource {
  const bytes = readRegularFile(path);
  const names = listNpz(bytes, path);
  if (names.length === 0) {
    throw new IoError('io/format', 'a zip archive without .npy arrays.', {
      where: path,
      fix: TORCH_FIX,
    });
  }
  return {
    format: 'npz',
    names,
    metadata: {},
    read: (name) => parseNpz(bytes, path, (other) => other === name)[name]!,
    close: () => undefined,
  };
}

function openNpyFolder(path: string): WeightSource {
  const names = readdirSync(path)
    .filter((file) => file.endsWith('.npy'))
    .map((file) => file.slice(0, -4));
  if (names.length === 0) {
    throw new IoError('io/missing', 'no .npy file in this folder.', {
      where: path,
      fix: 'name a weight file.',
    });
  }
  return {
    format: 'npy-folder',
    names,
    metadata: {},
    read: (name) => {
      const file = join(path, `${name}.npy`);
      return parseNpy(readRegularFile(file), file);
    },
    close: () => undefined,
  };
}
