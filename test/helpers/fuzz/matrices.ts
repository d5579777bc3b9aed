/** MATLAB files, and the label sets that consist of them. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPixelMap } from '../../../src/aofd/data/batches/pixel-map.js';
import { openMatAsync } from '../../../src/aofd/eval/detections/mat-file.js';
import { readMafaAsync } from '../../../src/aofd/eval/mafa/annotations.js';
import { loadWiderMatAsync } from '../../../src/aofd/eval/wider/annotations.js';
import { cell, mat5, numbers, struct, text as line, writeMat73Async } from '../mat-writer.js';
import type { Reader } from './reader.js';

async function readAllAsync(path: string): Promise<void> {
  using file = await openMatAsync(path);
  for (const name of file.names) file.read(name);
}

export async function matrixReadersAsync(folder: string): Promise<Reader[]> {
  const values = {
    a: numbers([
      [1, 2.5],
      [3, 4],
    ]),
    b: line('one', 'two'),
    c: cell(numbers([[7]]), line('x'), cell()),
    d: struct({ name: line('a.jpg'), n: numbers([[1]]) }, { name: line('b'), n: numbers([[2]]) }),
  };
  const h5 = join(folder, 'good73.mat');
  await writeMat73Async(h5, values);
  const row = [10, 10, 40, 40, 1, 0, 0, 0, 0, 1, 2, 0, 0, 3, 0, 0, 0, 0];
  const mafa = { LabelTest: struct({ name: line('a.jpg'), label: numbers([row]) }) };
  const events = (value: Parameters<typeof cell>[0]): ReturnType<typeof cell> => cell(cell(value));
  const wider = {
    event_list: cell(line('0--Parade')),
    file_list: events(line('0_a')),
    face_bbx_list: events(numbers([[1, 2, 20, 20]])),
    blur_label_list: events(numbers([[0]])),
  };
  return [
    { name: 'MATLAB 5', file: 'a.mat', good: mat5(values), read: readAllAsync },
    {
      name: 'MATLAB 5 compressed',
      file: 'a.mat',
      good: mat5(values, { compress: true }),
      read: readAllAsync,
    },
    { name: 'MATLAB 7.3', file: 'a.mat', good: readFileSync(h5), read: readAllAsync },
    {
      name: 'pixel map',
      file: 'a.mat',
      good: mat5({
        groundtruth: numbers(
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
          'uint8',
        ),
      }),
      read: (file) => readPixelMap({ file } as Parameters<typeof readPixelMap>[0]),
    },
    {
      name: 'MAFA labels',
      file: 'LabelTestAll.mat',
      good: mat5(mafa),
      read: (file) => readMafaAsync(file, dirname(file)),
    },
    {
      name: 'WIDER labels',
      file: 'wider_face_val.mat',
      good: mat5(wider),
      read: (file) => loadWiderMatAsync(dirname(file), { ignoreBelow: 10 }),
    },
  ];
}
