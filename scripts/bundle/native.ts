/** What the archive carries of machine code: Node, Dawn's binding, a Vulkan loader, sharp. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { unpackEmbeddedDriver } from '../../src/nn/platform/node/swiftshader.js';
import { carryFolder, filesBelow, type CarriedFile, type Piece } from './pieces.js';

/** Files of packages that nobody runs. */
const isForPeople = (file: string): boolean => /\.(d\.[cm]?ts|map)$/.test(file);

/**
 * A copy without symbols, about a seventh smaller; the file itself where `strip` is not installed.
 * @param aside folder for the copy
 */
function stripped(file: string, aside: string): string {
  const copy = path.join(aside, path.basename(file));
  const { status } = spawnSync('strip', ['-o', copy, file], { stdio: 'ignore' });
  return status === 0 ? copy : file;
}

/** The running Node, and the two libraries of GCC that it is linked with, for machines without them. */
export function nodePiece(aside: string): Piece {
  const node = fs.realpathSync(process.execPath);
  return {
    name: 'Node',
    fix: 'run the command with Node 20.19 or newer on x86-64 Linux',
    files: [
      { at: 'bin/node', from: stripped(node, aside), isProgram: true },
      ...['libstdc++.so.6', 'libgcc_s.so.1'].map((name) => ({
        at: `lib/fallback/${name}`,
        from: linkedLibrary(node, name),
      })),
    ],
  };
}

/** Where the dynamic linker finds a library of a program; its bare name where it does not. */
function linkedLibrary(program: string, name: string): string {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  const found = (stdout ?? '')
    .split('\n')
    .map((line) => /^\s*(\S+) => (\/\S+)/.exec(line))
    .find((match) => match?.[1] === name)?.[2];
  return found === undefined ? name : fs.realpathSync(found);
}

/** Node's licence, which its makers put beside the program or among the system's documents. */
export function nodeLicence(given: string | undefined): Piece {
  const prefix = path.resolve(fs.realpathSync(process.execPath), '../..');
  const places = [
    path.join(prefix, 'LICENSE'),
    path.join(prefix, 'share/doc/nodejs/LICENSE'),
    path.join(prefix, 'share/doc/node/LICENSE'),
  ];
  const from = given ?? places.find((file) => fs.existsSync(file));
  return {
    name: "Node's licence",
    fix: 'pass --node-licence FILE (it is on https://github.com/nodejs/node)',
    files: from === undefined ? [] : [{ at: 'licences/node.txt', from }],
  };
}

export function dawnPiece(root: string, aside: string): Piece {
  const from = path.join(root, 'node_modules/webgpu');
  const binding = 'dist/linux-x64/dawn.node';
  const inside = ['index.js', 'package.json', 'LICENSE.md'];
  const original = path.join(from, binding);
  return {
    name: "Dawn's binding",
    fix: 'run npm ci',
    files: [
      ...inside.map((file) => ({
        at: `app/node_modules/webgpu/${file}`,
        from: path.join(from, file),
      })),
      {
        at: `app/node_modules/webgpu/${binding}`,
        from: fs.existsSync(original) ? stripped(original, aside) : original,
      },
    ],
  };
}

/** The loader that comes with the embedded software adapter: Khronos' own, Apache-2.0. */
export function vulkanLoaderPiece(): Piece {
  return {
    name: 'the Vulkan loader',
    fix: 'run npm ci',
    files: [{ at: 'lib/vulkan/libvulkan.so.1', from: unpackEmbeddedDriver().loaderFile }],
  };
}

/** The packages that decode pictures, and those that draw plots. */
export function picturesPiece(root: string): Piece {
  const names = [
    'sharp',
    '@img/colour',
    '@img/sharp-linux-x64',
    '@img/sharp-libvips-linux-x64',
    'detect-libc',
    'semver',
    '@resvg/resvg-js',
    '@resvg/resvg-js-linux-x64-gnu',
    'dejavu-fonts-ttf',
  ];
  const isOfUse = (name: string) => (file: string) => {
    if (name === 'sharp') return !/^(src|install)\//.test(file) && !isForPeople(file);
    if (name === 'dejavu-fonts-ttf') return /^[^/]+$|^ttf\/DejaVuSans(-Bold)?\.ttf$/.test(file);
    return !isForPeople(file);
  };
  return {
    name: 'pictures and plots',
    fix: 'run npm ci on x86-64 Linux with glibc',
    files: names.flatMap((name): CarriedFile[] => {
      const from = path.join(root, 'node_modules', name);
      const at = `app/node_modules/${name}`;
      // A package that is not there still has to be missed.
      if (filesBelow(from).length === 0) return [{ at: `${at}/package.json`, from }];
      return carryFolder(from, at, isOfUse(name));
    }),
  };
}
