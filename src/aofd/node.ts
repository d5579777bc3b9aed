/** Imported for its effect: Node's platform, and files as weights and pictures. */
import '../nn/platform/node/use.js';
import { setSurroundings } from './detect/surroundings.js';

setSurroundings({
  async readWeightsAsync(name) {
    const files = await import('./weights/files/detector-weights.js');
    return files.readWeightsAsync(name ?? files.defaultWeightsFile());
  },
  async readPictureAsync(name) {
    const { decodeImage } = await import('./data/files/decode.js');
    return decodeImage(name, { autoOrient: true });
  },
});
