import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { layOut, pack, tryPrograms } from '../../../scripts/bundle/archive.js';
import {
  compiledName,
  entryPoints,
  reachedFilesAsync,
  refuseMissing,
  sourcesInDist,
} from '../../../scripts/bundle/code.js';
import { nodeLicence, nodePiece, picturesPiece } from '../../../scripts/bundle/native.js';
import { checkedFiles, MissingPieceError, type Piece } from '../../../scripts/bundle/pieces.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (words: string): Uint8Array => Buffer.from(words);

describe('contents of the archive for other machines', () => {
  const inFolder = useTempFolder();

  it('reaches the programs, the cases and the threads, and no package for development', async () => {
    const reached = await reachedFilesAsync(root);
    expect(reached).to.include.members(entryPoints(root));
    expect(reached).to.include('test/nn/ops/cases/conv.ts');
    expect(reached).to.include('src/aofd/cli/doctor/examine.ts');
    const packages = new Set(
      reached.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
    );
    expect(packages).to.include.keys('zod', 'commander');
    expect(packages).not.to.have.any.keys('mocha', 'chai', 'tsx', 'esbuild', 'typescript', 'sharp');
  });

  it('refuses a module that needs at once what is not carried', () => {
    const inputs = (kind: 'import-statement' | 'dynamic-import') => ({
      inputs: { 'a.ts': { bytes: 1, imports: [{ path: 'h5wasm/node', kind, external: true }] } },
    });
    expect(() => refuseMissing(inputs('import-statement'), () => false)).to.throw(
      'a.ts imports h5wasm/node',
    );
    refuseMissing(inputs('dynamic-import'), () => false);
    refuseMissing(inputs('import-statement'), (name) => name.startsWith('h5wasm'));
  });

  it('puts compiled sources where the published package has them', () => {
    expect(compiledName('src/nn/node.ts')).to.equal('dist/nn/node.js');
    expect(compiledName('bench/run.ts')).to.equal('bench/run.js');
    const code = [
      `import '../src/aofd/node.js';`,
      `import { a } from "../../src/a.js";`,
      `const b = await import('../../../src/b.js');`,
      `import { c } from './src/c.js'; // ../src/d`,
    ].join('\n');
    expect(sourcesInDist(code)).to.equal(
      [
        `import '../dist/aofd/node.js';`,
        `import { a } from "../../dist/a.js";`,
        `const b = await import('../../../dist/b.js');`,
        `import { c } from './src/c.js'; // ../src/d`,
      ].join('\n'),
    );
  });

  it('names the piece, the file and what to do where something is missing', () => {
    const piece: Piece = {
      name: 'weights',
      fix: 'fetch weights/ again',
      files: [{ at: 'app/weights/a', from: inFolder('a') }],
    };
    expect(() => checkedFiles([piece]))
      .to.throw(MissingPieceError)
      .with.property(
        'message',
        `bundle: weights: ${inFolder('a')} is missing. Fix: fetch weights/ again.`,
      );
    expect(() => checkedFiles([{ ...piece, files: [] }])).to.throw('no file was found');
    fs.writeFileSync(inFolder('a'), 'x');
    expect(checkedFiles([piece])).to.have.length(1);
    expect(() => checkedFiles([piece, piece])).to.throw('app/weights/a is in both');
  });

  it('misses packages that are not installed, and a licence that is not there', () => {
    expect(() => checkedFiles([picturesPiece(inFolder())])).to.throw(MissingPieceError, 'sharp');
    expect(() => checkedFiles([nodeLicence(inFolder('LICENSE'))])).to.throw('LICENSE is missing');
  });

  it('takes the running Node and the libraries that it is linked with', () => {
    // No folder for a stripped copy: the program itself.
    const names = nodePiece(inFolder('none')).files.map(({ at }) => at);
    expect(names).to.deep.equal([
      'bin/node',
      'lib/fallback/libstdc++.so.6',
      'lib/fallback/libgcc_s.so.1',
    ]);
  });

  it('packs one folder, the same each time, and refuses an archive that is too large', () => {
    layOut(
      [
        { at: 'run.sh', from: text('#!/bin/sh\n'), isProgram: true },
        { at: 'app/a', from: text('a') },
      ],
      inFolder('aofd-bundle'),
    );
    const [first, second] = [inFolder('1.tar.gz'), inFolder('2.tar.gz')];
    expect(pack(inFolder(), first)).to.equal(fs.statSync(first).size);
    pack(inFolder(), second);
    expect(fs.readFileSync(first).equals(fs.readFileSync(second))).to.equal(true);
    const { stdout } = spawnSync('tar', ['-tvzf', first], { encoding: 'utf8' });
    expect(stdout).to.match(/^-rwxr-xr-x.* aofd-bundle\/run\.sh$/m);
    expect(() => pack(inFolder(), inFolder('3.tar.gz'), 10)).to.throw('more than 0.0');
    expect(fs.readdirSync(inFolder()).filter((name) => name.startsWith('3.'))).to.deep.equal([]);
  });

  it('refuses programs that do not start', () => {
    const node = {
      at: 'bin/node',
      from: text('#!/bin/sh\necho "no $1" >&2; exit 1\n'),
      isProgram: true,
    };
    layOut([node], inFolder('bad'));
    expect(() => tryPrograms(inFolder('bad'))).to.throw(
      /on-site\/main\.js does not start: no .*bad\/app\/scripts\/bundle\/on-site\/main\.js/,
    );
  });

  it('has a run.sh that a plain shell reads', () => {
    const { status } = spawnSync('sh', ['-n', `${root}scripts/bundle/run.sh`]);
    expect(status).to.equal(0);
  });
});
