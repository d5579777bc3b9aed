/** Files and folders that an operating system or a program leaves among pictures. */

const SYSTEM_NAMES = new Set([
  '__macosx',
  '@eadir',
  '#recycle',
  '$recycle.bin',
  'system volume information',
  'lost+found',
  'thumbs.db',
  'desktop.ini',
]);

/**
 * Whether what has this name, without its folder, is no picture of the user's, whatever its ending:
 * hidden files, among them the `._photo.jpg` that a Mac writes beside each file on foreign disks, and
 * the folders of thumbnails, archives and recycle bins.
 */
export function isSystemName(name: string): boolean {
  return name.startsWith('.') || SYSTEM_NAMES.has(name.toLowerCase());
}
