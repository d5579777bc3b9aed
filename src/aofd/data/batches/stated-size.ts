/** Pictures and their labels must be of one size. */
import { DataError } from '../../errors.js';
import { decodeImage } from '../files/decode.js';
import type { DecodedImage, Sample } from '../sample.js';

/**
 * The picture of a sample. Its header was compared with the labels when the set was read, where the header
 * is understood; what is decoded is compared here, whatever the format.
 * @throws DataError for a picture of another size than the labels state, ImageDecodeError
 */
export async function decodeStatedAsync({ file, width, height }: Sample): Promise<DecodedImage> {
  const image = await decodeImage(file);
  const isAsStated =
    (width === undefined || width === image.width) &&
    (height === undefined || height === image.height);
  if (isAsStated) return image;
  throw new DataError(
    'list-malformed',
    `its labels are for ${width}x${height}, the picture is decoded as ${image.width}x${image.height}.`,
    { where: file, fix: 'correct the labels, or store the picture as it was labelled' },
  );
}

/** The map, if it has the size of its picture. Throws DataError naming its file. */
export function sameSize<M extends { width: number; height: number }>(
  map: M,
  image: DecodedImage,
  file: string,
): M {
  if (map.width === image.width && map.height === image.height) return map;
  throw new DataError(
    'list-malformed',
    `mask is ${map.width}x${map.height}, its picture ${image.width}x${image.height}.`,
    { where: file, fix: 'masks must have the size of their picture' },
  );
}
