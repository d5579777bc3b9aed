/** Runs in the browser: a few updates of a tiny network, by the engine of `aofd/nn`. */
import { Device } from '../../../src/nn/browser.js';
import { STORED_CURVE, tinyRunAsync } from '../../helpers/tiny-run.js';
import { tinyConfig } from '../../helpers/training.js';

export async function curveAsync(): Promise<number[]> {
  const device = await Device.createAsync();
  const { curve } = await tinyRunAsync(device, tinyConfig(), 0, STORED_CURVE.length);
  await device.destroyAsync();
  return curve.map((losses) => losses['total'] ?? NaN);
}

Object.assign(globalThis, { training: { curveAsync } });
