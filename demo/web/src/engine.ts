/** The detector as the pages use it: one that is loaded once, with sizes that suit the machine. */
import {
  Detector,
  type AdapterInfo,
  type Detection,
  type DetectedFace,
  type FrameDetection,
  type Progress,
} from '../../../src/aofd/browser/index.js';

export type PageFace = DetectedFace;
export type { AdapterInfo, Detection, Detector, FrameDetection, Progress };

/** Sizes of the network's input (longer side, px) for pictures and for moving ones. */
export interface Sizes {
  still: number;
  live: number;
}

/** On a processor a frame costs ten times as much: moving pictures are looked at smaller. */
export function sizesFor({ isSoftware }: Pick<AdapterInfo, 'isSoftware'>): Sizes {
  return isSoftware ? { still: 512, live: 256 } : { still: 640, live: 640 };
}

/** Loads the detector from the page's own folder; `root` leads there from the page. */
export function loadDetectorAsync(
  root: string,
  onProgress: (progress: Progress) => void,
): Promise<Detector> {
  const weights = new URL(`${root}weights/aofd-lite.web.safetensors`, document.baseURI);
  return Detector.createAsync({ weights, onProgress });
}

/** What to say while it loads. */
export function progressText({ phase, loaded = 0, total }: Progress): string {
  if (phase === 'ready') return '';
  if (phase === 'compile') return 'Getting the detector ready …';
  const of = total ? ` of ${(total / 1e6).toFixed(1)}` : '';
  return `Loading the detector, ${(loaded / 1e6).toFixed(1)}${of} MB …`;
}

/** The adapter in one line. */
export function adapterText({ name, isSoftware }: AdapterInfo): string {
  return isSoftware ? `${name} (main processor)` : name;
}
