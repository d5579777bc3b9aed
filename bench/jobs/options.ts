import type { Device } from '../../src/nn/index.js';

/** What every whole job gets to know. */
export interface JobOptions {
  device: Device;
  /** What the device was opened with. */
  deviceName?: string;
  isQuick: boolean;
  cores: number;
  /** Photographs or folders to detect on; none: samples, or drawn ones. */
  pictures: readonly string[];
  /** Says what is going on. */
  progress(text: string): void;
}
