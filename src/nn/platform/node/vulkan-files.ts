/** What a Linux machine has of Vulkan: the loader, and the manifests of drivers. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/**
 * Loads a shared library and leaves it loaded. Node rejects what is no add-on ("did not
 * self-register") but RTLD_NODELETE keeps the library.
 * @returns false when the library could not be loaded
 */
export function loadLibrary(file: string): boolean {
  const RTLD_NODELETE = 0x1000;
  const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
  try {
    process.dlopen({ exports: {} }, file, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
    return true;
  } catch (error) {
    return (error as Error).message.includes('did not self-register');
  }
}

/** Manifests of Vulkan drivers: those that the environment names, else those that are installed. */
export function driverManifests(): string[] {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (named !== undefined) return named.split(':').filter((file) => fs.existsSync(file));
  const home = os.homedir();
  const data = (process.env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':');
  const config = (process.env.XDG_CONFIG_DIRS || '/etc/xdg').split(':');
  const user = [path.join(home, '.local/share'), path.join(home, '.config')];
  return [...data, ...config, ...user, '/etc', '/usr/local/etc'].flatMap((root) => {
    const folder = path.join(root, 'vulkan', 'icd.d');
    try {
      const names = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
      return names.map((name) => path.join(folder, name));
    } catch {
      return [];
    }
  });
}
