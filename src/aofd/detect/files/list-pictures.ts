/** Finds the pictures that a user means by files and folders, and counts what is passed over. */
import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import * as path from 'node:path';
import { FOREIGN_ENDINGS, PICTURE_ENDINGS } from '../../data/files/picture-formats.js';
import { unreadable } from '../../data/files/read-bytes.js';
import { isSystemName } from '../../data/files/system-names.js';

/** A picture on the disk. */
export interface PictureFile {
  /** Path as given, or found below the folder given. */
  file: string;
  /** Path for outputs: relative to the folder given, or the file's own name. */
  name: string;
}

/** What was found in files and folders. */
export interface PictureSurvey {
  pictures: PictureFile[];
  /**
   * How many files of folders were passed over though they may be pictures, by kind: endings of formats
   * that cannot be decoded, "linked folder", "no regular file".
   */
  passedOver: Map<string, number>;
  /** Folders that cannot be read. */
  errors: { file: string; error: Error }[];
}

/**
 * Pictures of a list of files and folders, folders recursed and sorted by name; each file once. Hidden
 * files and those of the system are no pictures, unless named themselves. Files are not looked at:
 * what is missing is reported when it is decoded.
 * @param skip folders that are left out, such as the one that outputs go to; a folder of `paths`, or one
 *   that holds it, is not left out
 * @param isOutput names of files that an earlier run wrote; they are passed over in folders
 */
export function surveyPictures(
  paths: readonly string[],
  skip: readonly string[] = [],
  isOutput: (name: string) => boolean = () => false,
): PictureSurvey {
  const seen = new Set<string>();
  const survey: PictureSurvey = { pictures: [], passedOver: new Map(), errors: [] };
  const left = new Set(skip.map(realPath));
  const add = (file: string, name: string): void => {
    const key = path.resolve(file);
    if (seen.has(key)) return;
    seen.add(key);
    survey.pictures.push({ file, name });
  };
  const pass = (kind: string): void => {
    survey.passedOver.set(kind, (survey.passedOver.get(kind) ?? 0) + 1);
  };
  const look = (entry: Dirent, file: string, root: string): void => {
    // Links to folders are not followed: they may form a ring.
    if (entry.isDirectory()) walk(file, root);
    else if (entry.isSymbolicLink() && isFolder(file)) pass('linked folder');
    else {
      const ending = path.extname(entry.name).toLowerCase();
      if (FOREIGN_ENDINGS.includes(ending)) pass(ending);
      else if (!PICTURE_ENDINGS.includes(ending)) return;
      else if (isOutput(entry.name)) pass('written by an earlier run');
      else if (isOdd(entry, file)) pass('no regular file');
      else add(file, path.relative(root, file));
    }
  };
  const walk = (folder: string, root: string): void => {
    if (folder !== root && left.has(realPath(folder))) return;
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      survey.errors.push({ file: folder, error: unreadable(folder, error, 'folder') });
      return;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const entry of entries) {
      if (!isSystemName(entry.name)) look(entry, path.join(folder, entry.name), root);
    }
  };
  for (const given of paths) {
    if (isFolder(given)) walk(given, given);
    else add(given, path.basename(given));
  }
  return survey;
}

/** {@link surveyPictures} without its counts; folders that cannot be read are passed over. */
export function listPictures(
  paths: readonly string[],
  skip: readonly string[] = [],
): PictureFile[] {
  return surveyPictures(paths, skip).pictures;
}

/** In words, e.g. `3 .heic, 1 linked folder`; the empty text for none. */
export function describePassedOver({ passedOver }: PictureSurvey): string {
  return [...passedOver].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

/** Pipes, devices and links to such: reading them may never end. A link to nothing is a picture missing. */
function isOdd(entry: Dirent, file: string): boolean {
  if (entry.isFile()) return false;
  if (!entry.isSymbolicLink()) return true;
  try {
    return !statSync(file).isFile();
  } catch {
    return false;
  }
}

/** False also for what cannot be looked at, such as links in a ring. */
function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch {
    return false;
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}
