/** Imported for its effect: from here on, Node's platform is the one to load when a device is opened. */
import { setDefaultPlatform } from '../index.js';

setDefaultPlatform(async () => (await import('./platform.js')).nodePlatform);
