/** What a network sees in a picture beyond one pass over it: second looks at large and small faces, and the masks. */
import type { DecodedImage } from '../data/sample.js';
import type { AnchorCache } from '../model/index.js';
import type { PicturePass } from './forward.js';
import type { GridMap } from './grid-map.js';
import { lookAgainAsync, occludersOfFacesAsync, type ShrunkLook } from './large-faces.js';
import { closerMasksAsync } from './mask-crops.js';
import type { Network } from './network.js';
import type { Candidates } from './postprocess.js';
import { lookCloserAsync } from './small-faces.js';

/** What second looks found. */
export interface SecondLooks {
  /** Of each look that was taken, in pixels of the picture. */
  candidates: Candidates[];
  /** The look at the shrunk input, which knows what covers large faces; null where none was taken. */
  shrunk: ShrunkLook | null;
}

/**
 * Looks again, shrunk and closer, where the configuration and what was found ask for it.
 * @param picture a pass that is not mirrored
 * @param image the whole picture, for closer looks; null for none
 * @param found candidates of the pass, in pixels of the picture
 */
export async function lookTwiceAsync(
  network: Network,
  anchors: AnchorCache,
  picture: PicturePass,
  image: DecodedImage | null,
  found: Candidates,
  options: { wantsOccluders: boolean },
): Promise<SecondLooks> {
  const shrunk = await lookAgainAsync(network, anchors, picture, found, options);
  const closer = image ? await lookCloserAsync(network, anchors, picture, image, found) : null;
  return { shrunk, candidates: [shrunk?.candidates, closer].filter((looked) => looked != null) };
}

/**
 * The map that says what covers each face: of the pass, of the shrunk input, or of a crop around it.
 * @param image the whole picture, for crops; null for none
 * @param found faces in pixels of the picture, best first
 * @param occluders the map of the pass; null where it was not asked for or the network has no branch
 */
export async function coverOfFacesAsync(
  network: Network,
  { pass }: Pick<PicturePass, 'pass'>,
  image: DecodedImage | null,
  found: Candidates,
  occluders: GridMap | null,
  shrunk: ShrunkLook | null,
): Promise<GridMap[] | null> {
  if (!occluders) return null;
  const maps = await occludersOfFacesAsync(network, pass, found, occluders, shrunk);
  return image ? closerMasksAsync(network, image, pass, found, maps) : maps;
}
