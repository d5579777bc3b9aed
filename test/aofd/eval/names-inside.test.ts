import { expect } from 'chai';
import { loadAnnotations } from '../../../src/aofd/eval/coco/annotations.js';
import { loadFddbData } from '../../../src/aofd/eval/fddb/annotations.js';
import { readMafaAsync } from '../../../src/aofd/eval/mafa/annotations.js';
import { loadWiderMatAsync } from '../../../src/aofd/eval/wider/annotations.js';
import { DataError } from '../../../src/aofd/errors.js';
import { cell, mat5, numbers, struct, text } from '../../helpers/mat-writer.js';
import { gradientImage, jpegOf } from '../../helpers/pictures.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

/** Names that lead out of the folder `set`, which lies beside a picture `x.jpg`. */
const OUTSIDE = ['../x', 'a/../../x', '/etc/x', 'a\0'];

describe('names of pictures in the label files of evaluations', () => {
  const at = useTempFolder();
  beforeEach(async () => {
    const picture = await jpegOf(gradientImage(40, 30));
    for (const name of ['x.jpg', 'set/inside.jpg']) at.write(name, picture);
  });

  const coco = (name: string): string =>
    at.write(
      'set/val.json',
      JSON.stringify({ images: [{ id: 1, file_name: `${name}.jpg` }], annotations: [] }),
    );
  const options = { ignoreFlags: 'all', ignoreBelow: 0 } as const;
  const mafa = (name: string): string => {
    const row = [10, 10, 40, 40, 1, 0, 0, 0, 0, 1, 2, 0, 0, 3, 0, 0, 0, 0];
    const entry = { name: text(`${name}.jpg`), label: numbers([row]) };
    return at.write('set/LabelTestAll.mat', mat5({ LabelTest: struct(entry) }));
  };
  const wider = (name: string): string => {
    const one = (value: Parameters<typeof cell>[0]): ReturnType<typeof cell> => cell(cell(value));
    at.write(
      'set/wider_face_val.mat',
      mat5({
        event_list: cell(text('.')),
        file_list: one(text(name)),
        face_bbx_list: one(numbers([[1, 2, 20, 20]])),
      }),
    );
    return at('set');
  };
  const fddb = (name: string): string =>
    at.write('set/ellipses.txt', `${name}\n1\n20 15 1.2 30 30 1\n`);

  const loaders: [string, (name: string) => unknown][] = [
    ['COCO', (name) => loadAnnotations(coco(name), options)],
    [
      'WIDER text',
      (name) => loadAnnotations(at.write('set/val.txt', `${name}.jpg\n1\n1 1 9 9\n`), options),
    ],
    ['MAFA', (name) => readMafaAsync(mafa(name), at('set'))],
    [
      'WIDER lists',
      (name) => loadWiderMatAsync(wider(name), { ignoreBelow: 0, images: at('set') }),
    ],
    ['FDDB', (name) => loadFddbData({ data: fddb(name) })],
  ];
  for (const [kind, load] of loaders) {
    it(`${kind}: stay in the folder of the set`, async () => {
      await load('inside');
      // Joined behind an event's name, a name cannot be absolute.
      for (const name of kind === 'WIDER lists' ? ['../../x'] : OUTSIDE) {
        const run = async (): Promise<unknown> => load(name);
        const error = await rejectionAsync(run(), DataError);
        expect(error.reason, name).to.include('leads out of the folder');
      }
    });
  }
});
