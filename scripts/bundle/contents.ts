/** Everything that the archive holds, by piece. docs/bundle.md says how it is used. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { carriedCodeAsync } from './code.js';
import { dawnPiece, nodeLicence, nodePiece, picturesPiece, vulkanLoaderPiece } from './native.js';
import { carryFolder, type Piece } from './pieces.js';

/** Where others' work in the archive comes from; packages have their licences beside them. */
const NOTICES = `What others made in this archive, and under which licence:

bin/node                 Node.js, https://nodejs.org, MIT and others: licences/node.txt. Symbols were removed.
lib/fallback             GCC's runtime libraries, GPL-3.0 with the GCC Runtime Library Exception; used only
                         where the machine has none.
lib/vulkan               the Vulkan loader of the Khronos Group, Apache-2.0; used only where the machine has none.
app/node_modules/webgpu  Dawn by Google as the npm package webgpu packs it, BSD-3-Clause. Symbols were removed.
app/node_modules/@img    sharp and libvips, Apache-2.0 and LGPL-3.0-or-later, with the libraries that
                         versions.json there names.
app/node_modules/@resvg  resvg, MPL-2.0.
app/node_modules         other packages of npm: see LICENSE in each folder.
`;

export interface ContentsOptions {
  /** Folder of the package. */
  root: string;
  /** Folder for intermediate files. */
  aside: string;
  nodeLicence?: string;
}

/** The pieces; files that are missing are found by `checkedFiles`. */
export async function contentsAsync({ root, aside, ...given }: ContentsOptions): Promise<Piece[]> {
  const inRoot = (file: string): string => path.join(root, file);
  const { name, version, license } = JSON.parse(
    fs.readFileSync(inRoot('package.json'), 'utf8'),
  ) as Record<string, string>;
  const about = { name, version, license, type: 'module', private: true };
  return [
    nodePiece(aside),
    nodeLicence(given.nodeLicence),
    dawnPiece(root, aside),
    vulkanLoaderPiece(),
    picturesPiece(root),
    {
      name: 'code',
      fix: 'run npm ci',
      files: [
        ...(await carriedCodeAsync(root)),
        { at: 'app/package.json', from: Buffer.from(`${JSON.stringify(about, null, 2)}\n`) },
      ],
    },
    {
      name: 'kernels',
      fix: 'run the command in a clone of the project',
      files: carryFolder(inRoot('kernels'), 'app/kernels'),
    },
    {
      name: 'weights',
      fix: 'fetch weights/ again',
      files: [
        'weights/aofd-lite.safetensors',
        'weights/aofd-lite.md',
        'weights/aofd-lite.eval.json',
      ].map((file) => ({ at: `app/${file}`, from: inRoot(file) })),
    },
    {
      name: 'settings and texts',
      fix: 'run the command in a clone of the project',
      files: [
        ...carryFolder(inRoot('configs'), 'app/configs', (file) => /^[^/]+\.json$/.test(file)),
        { at: 'run.sh', from: inRoot('scripts/bundle/run.sh'), isProgram: true },
        { at: 'README.md', from: inRoot('docs/bundle.md') },
        { at: 'LICENSE', from: inRoot('LICENSE') },
        { at: 'licences/NOTICES.txt', from: Buffer.from(NOTICES) },
      ],
    },
  ];
}
