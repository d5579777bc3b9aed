/**
 * Labels of evaluation sets brought to the box convention of WIDER FACE as SCRFD-2.5G draws it, which is aofd-lite's
 * teacher and one of the peers: one perfect box has an IoU of .64 in two of the conventions of these sets, so that
 * at IoU .5 a raw label measures how a detector agrees with its set as much as whether it finds the face.
 */

/** What is cut from a label's left, top, right and bottom, in shares of its size; negative: it is enlarged. */
type Cut = readonly [left: number, top: number, right: number, bottom: number];

/**
 * Medians of how labels of training pictures lie against the boxes of SCRFD-2.5G, by what the names of pictures
 * begin with. No evaluation picture was looked at for them.
 */
const MASKED_CUTS: Readonly<Record<string, Cut>> = {
  ilc: [0, -0.131, -0.017, 0],
  k853: [0, -0.188, 0.024, 0.07],
};
const FACECOUNT_CUT: Cut = [0.114, -0.023, 0.015, -0.077];

type Rectangle = [x: number, y: number, width: number, height: number];

function moved([x, y, w, h]: Rectangle, [left, top, right, bottom]: Cut): Rectangle {
  const box = [x + left * w, y + top * h, (1 - left - right) * w, (1 - top - bottom) * h];
  return box.map((v) => Math.round(100 * v) / 100) as Rectangle;
}

/** What of a rectangle lies in the picture, as detectors' boxes are cut. */
function inside([x, y, w, h]: Rectangle, picture: { width: number; height: number }): Rectangle {
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const right = Math.min(picture.width, x + w);
  const bottom = Math.min(picture.height, y + h);
  return [left, top, right - left, bottom - top];
}

/** The parts of a COCO document that change. */
interface CocoBoxes {
  images: { id: number; file_name: string; width: number; height: number }[];
  annotations: { image_id: number; bbox: Rectangle; area: number }[];
}

/** masked/val: a COCO document with its boxes moved. Throws for a picture of an unknown collection. */
export function movedMasked(json: string): string {
  const document = JSON.parse(json) as CocoBoxes;
  const pictures = new Map(document.images.map((picture) => [picture.id, picture]));
  for (const annotation of document.annotations) {
    const picture = pictures.get(annotation.image_id);
    const collection = /([a-z0-9]+)_[^/]*$/.exec(picture?.file_name ?? '')?.[1] ?? '';
    const cut = MASKED_CUTS[collection];
    if (!picture || !cut) {
      throw new Error(
        `${picture?.file_name ?? 'a label'} is of no collection whose boxes are known.`,
      );
    }
    annotation.bbox = inside(moved(annotation.bbox, cut), picture);
    annotation.area = annotation.bbox[2] * annotation.bbox[3];
  }
  return JSON.stringify(document);
}

/** facecount/val: a list in the form of WIDER FACE with its boxes moved. */
export function movedFacecount(list: string): string {
  const lines = list.split('\n').map((line) => {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 4 || !fields.every((field) => /^-?\d+(\.\d+)?$/.test(field))) return line;
    const [x, y, w, h, ...flags] = fields.map(Number) as [...Rectangle, ...number[]];
    return [...moved([x, y, w, h], FACECOUNT_CUT), ...flags].join(' ');
  });
  return lines.join('\n');
}
