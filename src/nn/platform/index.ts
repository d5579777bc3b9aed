/**
 * The platform in use. Each entry says which: `node/use.ts` names Node's, which is loaded when it is first
 * needed; a browser's entry sets `createBrowserPlatform(kernelSources)`. Nothing here names a file of
 * either, so a bundle holds only what its own entry brings.
 */
import type { Platform } from './types.js';
import { PlatformError } from './types.js';

export * from './types.js';

let current: Platform | null = null;
let loadAsync: (() => Promise<Platform>) | null = null;

/** Sets the platform for everything created afterwards. */
export function setPlatform(platform: Platform): void {
  current = platform;
}

/** Names the platform that is loaded where none was set. */
export function setDefaultPlatform(load: () => Promise<Platform>): void {
  loadAsync = load;
}

/** The platform, loading the default one when none was set. */
export async function platformAsync(): Promise<Platform> {
  if (current === null) {
    if (loadAsync === null) throw noPlatform();
    current = await loadAsync();
  }
  return current;
}

/** The platform that is already loaded (any created device guarantees it). */
export function platform(): Platform {
  if (current === null) throw noPlatform();
  return current;
}

function noPlatform(): PlatformError {
  return new PlatformError('no-platform', 'platform: none is set yet.', {
    fix: "import aofd, aofd/nn or aofd/browser first: each sets the platform of its surroundings (in the sources, src/nn/platform/node/use.js sets Node's).",
  });
}
