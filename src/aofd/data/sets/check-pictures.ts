/** Whether the pictures of a set and their files of pixel labels are there, and the pictures of the size that its labels were made for. */
import { statSync } from 'node:fs';
import { DataError, ImageDecodeError } from '../../errors.js';
import { note, type LoadReport, type Sample } from '../sample.js';
import { refuseOddFile, unreadable } from '../files/read-bytes.js';
import { readPictureHeader } from './image-size.js';

export interface CheckOptions {
  /** Name of the source, for messages. */
  source: string;
  /** Leave out and count what cannot be used; otherwise it is an error. */
  skipBroken: boolean;
  report: LoadReport;
}

/**
 * Looks at the header of every picture, and whether its pixel labels are there. Boxes in a picture of another size than stated would teach
 * nonsense silently: width and height swapped, or labels made on a view that EXIF turns.
 * @returns the samples that can be used
 * @throws DataError that tells how many cannot, and what is wrong with the first
 */
export function checkPictures<S extends Sample>(
  samples: readonly S[],
  { source, skipBroken, report }: CheckOptions,
): S[] {
  const usable: S[] = [];
  const faults: DataError[] = [];
  for (const sample of samples) {
    const fault = faultOf(sample, report) ?? faultOfLabels(sample);
    if (fault) faults.push(fault);
    else usable.push(sample);
  }
  const first = faults[0];
  if (first && !skipBroken) {
    throw new DataError(
      first.code,
      `${first.reason} ${faults.length} of ${samples.length} pictures of source "${source}" cannot be used.`,
      {
        where: first.where,
        fix: `${first.fix ?? 'copy the data set again'}, or leave such pictures out with --set data.skipBroken=true`,
      },
    );
  }
  report.broken += faults.length;
  for (const fault of faults) note(report, `${fault.where}: ${fault.reason} Left out.`);
  return usable;
}

function faultOf(sample: Sample, report: LoadReport): DataError | null {
  const { file, width, height } = sample;
  let header;
  try {
    header = readPictureHeader(file);
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  if (header === null) {
    // A format whose header is not read here: only the labels can say the size.
    if (width !== undefined && height !== undefined) return null;
    return new DataError('image-format', 'its size is stated nowhere.', {
      where: file,
      fix: 'convert the picture to JPEG or PNG',
    });
  }
  const { orientation } = header;
  if (orientation > 1) report.turned++;
  if (width === undefined || height === undefined) return null;
  if (width === header.width && height === header.height) return null;
  const isSwapped = width === header.height && height === header.width;
  const why = !isSwapped
    ? ''
    : orientation >= 5
      ? ' (its EXIF orientation turns it: the labels were made on the turned picture)'
      : ' (width and height are swapped)';
  return new DataError(
    'list-malformed',
    `its labels are for ${width}x${height}, the picture is stored as ${header.width}x${header.height}${why}.`,
    {
      where: file,
      fix: 'correct the labels, or store the picture as it was labelled (for a turned one, for example with "mogrify -auto-orient")',
    },
  );
}

/** What is wrong with the files of pixel labels, without a look inside: they are decoded when drawn. */
function faultOfLabels({ segmentation, pixelMap }: Sample): DataError | null {
  const files = [segmentation?.maskFile, segmentation?.faceFile, pixelMap?.file];
  for (const file of files) {
    if (file === undefined) continue;
    try {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats) refuseOddFile(file, stats);
      else throw missing(file);
    } catch (error) {
      return error instanceof DataError ? error : unreadable(file, error);
    }
  }
  return null;
}

const missing = (file: string): DataError =>
  new ImageDecodeError('file-missing', 'file of pixel labels not found.', {
    where: file,
    fix: 'copy the data set again',
  });
