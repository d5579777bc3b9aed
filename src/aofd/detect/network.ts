import type { Config } from '../config/index.js';
import type { AofdModel, ParamStore } from '../model/index.js';

/** A network that can compute: its layers, their values on a device, and the settings of both. */
export interface Network {
  readonly config: Config;
  readonly model: AofdModel;
  /** Also tells the device. */
  readonly params: ParamStore;
}
