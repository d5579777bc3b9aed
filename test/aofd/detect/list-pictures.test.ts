import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import fsDefault, * as fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import * as path from 'node:path';
import { decodeImage } from '../../../src/aofd/data/files/decode.js';
import {
  describePassedOver,
  surveyPictures,
  type PictureFile,
} from '../../../src/aofd/detect/files/list-pictures.js';
import { isOutputName, OutputNames } from '../../../src/aofd/detect/files/output-names.js';
import { ImageDecodeError } from '../../../src/aofd/errors.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('detect/files: pictures of folders', () => {
  const at = useTempFolder();
  const put = (name: string, content = 'x'): string => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), content);
    return at(name);
  };
  const names = (...args: Parameters<typeof surveyPictures>): string[] =>
    surveyPictures(...args).pictures.map(({ name }) => name);

  it('takes no file of the system, unless it is named itself', () => {
    for (const name of [
      'a.jpg',
      '._a.jpg',
      '.hidden.png',
      '.cache/b.jpg',
      '__MACOSX/a.jpg',
      '@eaDir/a.jpg/thumb.jpg',
      'Thumbs.db',
      'deep/b.JPG',
    ]) {
      put(name);
    }
    expect(names([at()])).to.deep.equal(['a.jpg', 'deep/b.JPG']);
    expect(names([at('._a.jpg')])).to.deep.equal(['._a.jpg']);
    expect(names([at('.cache')])).to.deep.equal(['b.jpg']);
  });

  it('counts what it passes over: other formats, linked folders, pipes and devices', () => {
    for (const name of ['a.jpg', 'b.heic', 'c.HEIC', 'd.svg', 'notes.txt', 'sub/e.png']) put(name);
    fs.symlinkSync(at('sub'), at('linked'));
    fs.symlinkSync('/dev/zero', at('zero.jpg'));
    execFileSync('mkfifo', [at('pipe.png')]);
    const survey = surveyPictures([at()]);
    expect(survey.pictures.map(({ name }) => name)).to.deep.equal(['a.jpg', 'sub/e.png']);
    expect(describePassedOver(survey)).to.equal(
      '2 .heic, 1 .svg, 1 linked folder, 2 no regular file',
    );
  });

  it('pipes, devices, folders and rings of links named one by one are refused at once', async () => {
    execFileSync('mkfifo', [at('pipe.jpg')]);
    fs.symlinkSync('/dev/zero', at('zero.jpg'));
    fs.symlinkSync(at('ring-b.jpg'), at('ring-a.jpg'));
    fs.symlinkSync(at('ring-a.jpg'), at('ring-b.jpg'));
    fs.mkdirSync(at('folder.jpg'));
    const rows: [string, RegExp][] = [
      ['pipe.jpg', /is a pipe/],
      ['zero.jpg', /is a device/],
      ['ring-a.jpg', /ELOOP/],
      ['folder.jpg', /is a folder/],
      [`${'x'.repeat(300)}.jpg`, /ENAMETOOLONG/],
      ['none.jpg', /ENOENT/],
    ];
    for (const [name, expected] of rows) {
      expect(names([at(name)])).to.have.length(name === 'folder.jpg' ? 0 : 1);
      const error = await rejectionAsync(decodeImage(at(name)), ImageDecodeError);
      expect(error.message, name).to.match(expected).and.include('Fix: ');
    }
  });

  it('goes on past folders that it must not read', () => {
    put('a.jpg');
    put('locked/b.jpg');
    const read = fsDefault.readdirSync;
    // Root reads every folder, so the refusal is made up.
    fsDefault.readdirSync = ((folder: string, options: object) => {
      if (folder !== at('locked')) return read(folder, options as never);
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    }) as unknown as typeof read;
    syncBuiltinESMExports();
    try {
      const survey = surveyPictures([at()]);
      expect(survey.pictures.map(({ name }) => name)).to.deep.equal(['a.jpg']);
      expect(survey.errors.map(({ file }) => file)).to.deep.equal([at('locked')]);
      expect(survey.errors[0]?.error.message).to.match(/folder cannot be read.*permission denied/);
    } finally {
      fsDefault.readdirSync = read;
      syncBuiltinESMExports();
    }
  });

  it('leaves the output folder out, but not where it is what shall be read', () => {
    put('a.jpg');
    put('out/b.png');
    put('out/c.faces.png');
    fs.symlinkSync(at('out'), at('same'));
    expect(names([at()], [at('out')])).to.deep.equal(['a.jpg']);
    expect(names([at()], [at('same')])).to.deep.equal(['a.jpg']);
    expect(names([at('out')], [at('out')], isOutputName)).to.deep.equal(['b.png']);
    expect(names([at()], [at()], isOutputName)).to.deep.equal(['a.jpg', 'out/b.png']);
  });
});

describe('detect/files: names of outputs', () => {
  const at = useTempFolder();
  const put = (name: string): PictureFile => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), 'x');
    return { file: at(name), name };
  };
  const targets = (out: string, pictures: PictureFile[], inputs: string[] = []): string[] => {
    const outputs = new OutputNames(at(out), pictures, inputs);
    return pictures.map((picture) => path.relative(at(out), outputs.next(picture)));
  };
  const apart = (name: string): PictureFile => ({ file: `/photos/${name}`, name });

  it('are the pictures\u2019 names, none twice, in whatever case', () => {
    const pictures = ['a.jpg', 'a.png', 'A.webp', 'deep/a.jpg'].map(apart);
    expect(targets('out', pictures)).to.deep.equal(['a.png', 'a-2.png', 'A-3.png', 'deep/a.png']);
  });

  it('are never an input: among inputs they have an ending of their own', () => {
    expect(targets('.', [put('photo.png'), put('b.jpg')])).to.deep.equal([
      'photo.faces.png',
      'b.faces.png',
    ]);
    fs.mkdirSync(at('real'));
    fs.symlinkSync(at('real'), at('linked'));
    const picture = { ...put('real/x.png'), name: 'x.png' };
    expect(targets('linked', [picture])).to.deep.equal(['x.faces.png']);
  });

  it('are never an input that lies elsewhere and is linked into the output folder', () => {
    const { file } = put('photo.png');
    fs.mkdirSync(at('out'));
    fs.symlinkSync(file, at('out/photo.png'));
    fs.linkSync(put('weights.png').file, at('out/weights.png'));
    const pictures = [{ file, name: 'photo.png' }, apart('weights.jpg')];
    expect(targets('out', pictures, [at('weights.png')])).to.deep.equal([
      'photo-2.png',
      'weights-2.png',
    ]);
  });

  it('are not the name of a folder that other outputs need', () => {
    const pictures = ['a.jpg', 'a.png/b.jpg'].map(apart);
    expect(targets('out', pictures)).to.deep.equal(['a-2.png', 'a.png/b.png']);
  });

  it('are cut where they would be too long', () => {
    const long = ['x'.repeat(251), `${'x'.repeat(250)}y`, '\u00fc'.repeat(126)].map((stem) =>
      apart(`${stem}.jpg`),
    );
    const got = targets('out', long);
    for (const name of got) expect(Buffer.byteLength(name)).to.be.at.most(255);
    expect(new Set(got).size).to.equal(3);
  });
});
