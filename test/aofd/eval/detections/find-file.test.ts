import { expect } from 'chai';
import fsDefault from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { findFile, subfolders } from '../../../../src/aofd/eval/detections/find-file.js';
import { useTempFolder } from '../../../helpers/temp-folder.js';

describe('files of a data set, wherever they were unpacked', () => {
  const at = useTempFolder();

  it('are found past folders that must not be read', () => {
    at.write('lost+found/x', '');
    at.write('split/deep/labels.mat', '');
    const read = fsDefault.readdirSync;
    // Root reads every folder, so the refusal is made up.
    fsDefault.readdirSync = ((folder: string, options: object) => {
      if (folder !== at('lost+found')) return read(folder, options as never);
      throw Object.assign(new Error('EACCES: permission denied, scandir'), { code: 'EACCES' });
    }) as unknown as typeof read;
    syncBuiltinESMExports();
    try {
      expect(findFile(at(), 'labels.mat')).to.equal(at('split/deep/labels.mat'));
      expect(findFile(at(), 'none.mat')).to.equal(null);
      expect(subfolders(at())).to.deep.equal([at('lost+found'), at('split')]);
    } finally {
      fsDefault.readdirSync = read;
      syncBuiltinESMExports();
    }
  });

  it('are none where there is no folder', () => {
    expect(subfolders(at('none'))).to.deep.equal([]);
    expect(findFile(at('none'), 'x')).to.equal(null);
  });
});
