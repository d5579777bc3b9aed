import { expect } from 'chai';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  folderAbove,
  installedVersion,
  packageRoot,
  versionIn,
} from '../../../src/nn/platform/node/packages.js';

describe('packages on the disk', () => {
  it('finds the folder of this package and the versions in it', () => {
    const root = packageRoot();
    for (const part of ['kernels', 'src', 'package.json']) {
      expect(fs.existsSync(path.join(root, part)), part).to.equal(true);
    }
    expect(versionIn(root)).to.match(/^\d+\.\d+\.\d+/);
    expect(installedVersion('webgpu')).to.match(/^\d+\.\d+\.\d+/);
    expect(installedVersion('no-such-package')).to.equal(null);
    expect(versionIn(path.join(root, 'kernels'))).to.equal(null);
  });

  it('walks up to the nearest folder that holds a part', () => {
    const root = packageRoot();
    expect(folderAbove(path.join(root, 'src', 'nn', 'ops'), 'kernel')).to.equal(
      path.join(root, 'src', 'nn'),
    );
    expect(folderAbove(root, 'no-such-part')).to.equal(null);
  });
});
