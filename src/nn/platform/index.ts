/**
 * The platform in use. Node's is loaded on demand; a browser bundle sets its own first:
 * `setPlatform(createBrowserPlatform(kernelSources))`.
 */
import type { Platform } from './types.js';
import { PlatformError } from './types.js';

export * from './types.js';

let current: Platform | null = null;

/** Sets the platform for everything created afterwards. */
export function setPlatform(platform: Platform): void {
  current = platform;
}

/** The platform, loading Node's when none was set. */
export async function platformAsync(): Promise<Platform> {
  if (current === null) {
    const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
    if (!isNode) throw noPlatform();
    current = (await import('./node/platform.js')).nodePlatform;
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
    fix: 'create a Device first, or call setPlatform(createBrowserPlatform(kernelSources)) in a browser.',
  });
}
