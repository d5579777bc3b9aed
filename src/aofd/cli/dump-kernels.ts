/** `--dump-kernels` of several commands. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { printNotice } from './common.js';

/** Writes the expanded WGSL of kernels, one file per variant. */
export function dumpKernels(
  folder: string,
  kernels: readonly { name: string; code: string }[],
): void {
  fs.mkdirSync(folder, { recursive: true });
  const counts = new Map<string, number>();
  for (const { name, code } of kernels) {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const file = `${name.replaceAll('/', '-')}${count > 1 ? `-${count}` : ''}.wgsl`;
    atomicWriteFile(path.join(folder, file), code, { flush: false });
  }
  printNotice(`wrote ${kernels.length} kernels to ${folder}`);
}
