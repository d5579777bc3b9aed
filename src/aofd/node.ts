/** Imported for its effect: Node's platform, and files as weights and pictures. */
import '../nn/platform/node/use.js';
import { setSurroundings } from './detect/surroundings.js';

setSurroundings({
  async readWeightsAsync(name) {
    const files = await import('./weights/files/detector-weights.js');
    return files.readWeightsAsync(name ?? files.defaultWeightsFile());
  },
  async readPictureAsync(source) {
    const { decodeImage } = await import('./data/files/decode.js');
    const { picturePath } = await import('./data/files/picture-names.js');
    const file = source instanceof Uint8Array ? source : picturePath(source);
    return decodeImage(file, { autoOrient: true });
  },
});
