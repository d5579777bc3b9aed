/** Files of the archive: what is carried, from where, and that nothing is missing. */
import * as fs from 'node:fs';
import * as path from 'node:path';

/** One file of the archive. */
export interface CarriedFile {
  /** Path in the archive, below its one folder. */
  at: string;
  /** The file it is copied from, or what it holds. */
  from: string | Uint8Array;
  isProgram?: boolean;
}

/** A part of the archive that has to be there. */
export interface Piece {
  name: string;
  /** What to do where it is missing. */
  fix: string;
  files: CarriedFile[];
}

/** Something that the archive needs is not on this machine. */
export class MissingPieceError extends Error {
  constructor(
    readonly piece: string,
    readonly missing: string,
    fix: string,
  ) {
    super(`bundle: ${piece}: ${missing}. Fix: ${fix}.`);
    this.name = 'MissingPieceError';
  }
}

/** The files of a folder, those of its folders too, sorted; `keep` gets paths relative to it. */
export function filesBelow(
  folder: string,
  keep: (relative: string) => boolean = () => true,
): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((relative) => relative.split(path.sep).join('/'))
    .filter(keep)
    .sort();
}

/** A folder as it is. */
export function carryFolder(
  from: string,
  at: string,
  keep?: (relative: string) => boolean,
): CarriedFile[] {
  return filesBelow(from, keep).map((file) => ({
    at: `${at}/${file}`,
    from: path.join(from, file),
  }));
}

/**
 * @returns all files of the pieces
 * @throws MissingPieceError for the first piece without files or with one that is not there; Error where two
 *   pieces bring the same file
 */
export function checkedFiles(pieces: readonly Piece[]): CarriedFile[] {
  const seen = new Map<string, string>();
  for (const { name, fix, files } of pieces) {
    if (files.length === 0) throw new MissingPieceError(name, 'no file was found', fix);
    for (const { at, from } of files) {
      if (typeof from === 'string' && !isFile(from)) {
        throw new MissingPieceError(name, `${from} is missing`, fix);
      }
      const other = seen.get(at);
      if (other !== undefined) throw new Error(`bundle: ${at} is in both ${other} and ${name}`);
      seen.set(at, name);
    }
  }
  return pieces.flatMap(({ files }) => files);
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Bytes of a piece, unpacked. */
export function sizeOf({ files }: Piece): number {
  return files.reduce(
    (sum, { from }) => sum + (typeof from === 'string' ? fs.statSync(from).size : from.length),
    0,
  );
}
