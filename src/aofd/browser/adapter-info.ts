import type { Device } from '../../nn/index.js';
import type { AdapterKind } from '../../nn/platform/index.js';

/** What computes. */
export interface AdapterInfo {
  /** A name to show, as far as the browser tells one. */
  name: string;
  /** It computes on the processor: expect a few frames a second at most, and use a smaller `maxSize`. */
  isSoftware: boolean;
  kind: AdapterKind;
  /** One line to show where there is something to say, such as that no GPU is used. */
  notice: string | null;
}

export function describeAdapter({ adapter, kind }: Device): AdapterInfo {
  const { description, vendor, architecture, device, isSoftware } = adapter;
  const words = [vendor, architecture, device].filter((word) => word !== '');
  const name = description || words.join(' ') || (isSoftware ? 'software adapter' : 'GPU');
  const notice = isSoftware
    ? `No GPU is used here (${name}): detection runs on the processor, at a few frames a second. Turn on hardware acceleration in the browser's settings, or use a smaller maxSize.`
    : null;
  return { name, isSoftware, kind, notice };
}
