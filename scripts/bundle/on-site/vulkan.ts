/** Finds a Vulkan loader and a driver, and says what commands need in their environment for them. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { driverManifests } from '../../../src/nn/platform/node/vulkan-files.js';

/** What is asked of the machine; replaced in tests. */
export interface Machine {
  canLoad(library: string): boolean;
  /** Manifests of installed drivers, with the library that each names. */
  drivers(): { manifest: string; library: string }[];
  exists(file: string): boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Vulkan {
  /** Variables for every command. */
  env: Record<string, string>;
  /** A manifest that has to be written first, or null. */
  manifest: { file: string; content: string } | null;
  said: string[];
}

/** Libraries of NVIDIA's driver that are Vulkan drivers; the second needs no X11. */
const NVIDIA = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'];

/**
 * The machine's own loader and drivers come first. Containers often have NVIDIA's libraries but neither the
 * manifest that the loader looks for nor the loader: both are then ours.
 *
 * @param loaderFolder holds the loader of the archive
 * @param out folder for a manifest of ours
 */
export function chooseVulkan(machine: Machine, loaderFolder: string, out: string): Vulkan {
  const said: string[] = [];
  const env: Record<string, string> = {};
  if (machine.canLoad('libvulkan.so.1')) said.push("Vulkan loader: the machine's own");
  else {
    const before = machine.env.LD_LIBRARY_PATH;
    env.LD_LIBRARY_PATH = before ? `${loaderFolder}:${before}` : loaderFolder;
    said.push('Vulkan loader: that of the archive');
  }
  const drivers = machine.drivers();
  const states = drivers.map(({ manifest, library }) => {
    const isThere = machine.canLoad(library);
    said.push(`driver ${manifest}: ${library}${isThere ? '' : ' (cannot be loaded)'}`);
    return { library, isThere };
  });
  const hasCard = ['/dev/nvidiactl', '/dev/nvidia0'].some((file) => machine.exists(file));
  if (hasCard) said.push('an NVIDIA card is there');
  const isServed = states.some(({ library, isThere }) => isThere && /nvidia/i.test(library));
  const isNamed = Boolean(machine.env.VK_DRIVER_FILES ?? machine.env.VK_ICD_FILENAMES);
  let manifest: Vulkan['manifest'] = null;
  if (hasCard && !isServed && !isNamed) {
    const library = NVIDIA.find((name) => machine.canLoad(name));
    if (library === undefined) {
      said.push(
        `its driver has no Vulkan here: none of ${NVIDIA.join(', ')} can be loaded. In a container, start it with NVIDIA_DRIVER_CAPABILITIES=all.`,
      );
    } else {
      const file = path.join(out, 'nvidia_icd.json');
      const icd = { library_path: library, api_version: '1.3.0' };
      manifest = { file, content: JSON.stringify({ file_format_version: '1.0.0', ICD: icd }) };
      env.VK_DRIVER_FILES = file;
      env.VK_ICD_FILENAMES = file; // the name that older loaders know
      said.push(`its driver ${library} has no manifest: using one of ours`);
    }
  }
  if (drivers.length === 0 && manifest === null) said.push('no Vulkan driver is registered');
  return { env, manifest, said };
}

/** The machine that this runs on. */
export const thisMachine: Machine = {
  // In a process of its own: a driver is large, may crash, and is not wanted in this one.
  canLoad(library) {
    const program = fileURLToPath(new URL('./can-load.js', import.meta.url));
    return spawnSync(process.execPath, [program, library], { stdio: 'ignore' }).status === 0;
  },
  drivers: () =>
    driverManifests().flatMap((manifest) => {
      try {
        const { ICD } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as {
          ICD?: { library_path?: string };
        };
        const library = ICD?.library_path ?? '';
        const isRelative = library.includes('/') && !path.isAbsolute(library);
        const beside = path.resolve(path.dirname(manifest), library);
        return [{ manifest, library: isRelative ? beside : library }];
      } catch {
        return [{ manifest, library: '(unreadable)' }];
      }
    }),
  exists: fs.existsSync,
  env: process.env,
};
