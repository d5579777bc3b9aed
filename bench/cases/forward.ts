/** An operation forward, on inputs that exist for the whole measurement. */
import type { Device, Tensor } from '../../src/nn/index.js';
import type { Prepared } from '../measure/case.js';
import { deviation, samplePlaces } from './data.js';

export interface Operation {
  /** Freed with the contestant. */
  inputs: Tensor[];
  run(): Tensor;
  /** What output `place` should be; absent where the tests of the kernels are the check. */
  expected?(place: number): number;
}

export async function forwardWorkAsync(
  device: Device,
  { inputs, run, expected }: Operation,
): Promise<Prepared> {
  await device.settledAsync();
  let last: Tensor | null = null;
  const runManyAsync = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      last?.dispose();
      for (const input of inputs) input.freeDerived(); // in a network every map is new
      last = device.release(run());
    }
    await device.settledAsync();
  };
  const checkAsync = async (wanted: (place: number) => number): Promise<number> => {
    const got = await (last as Tensor).readAsync();
    const places = samplePlaces(got.length, 256, 7);
    return deviation(
      places.map((place) => got[place] as number),
      places.map(wanted),
    );
  };
  return {
    runAsync: () => runManyAsync(1),
    runManyAsync,
    checkAsync: expected && (() => checkAsync(expected)),
    disposeAsync() {
      last?.dispose();
      for (const input of inputs) input.dispose();
      return Promise.resolve();
    },
  };
}
