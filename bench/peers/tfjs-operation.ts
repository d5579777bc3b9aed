import type { Prepared } from '../measure/case.js';
import type { TfTensor, TfjsPeer } from './tfjs.js';

/** A piece of work in TensorFlow.js. */
export interface Operation {
  inputs: TfTensor[];
  /** The result first, then what else must be computed. */
  run(): TfTensor[];
  /** Deviation of the results. */
  check?(results: TfTensor[]): Promise<number>;
}

/** An operation with one result. */
export function single(
  inputs: TfTensor[],
  run: () => TfTensor,
  check?: (result: TfTensor) => Promise<number>,
): Operation {
  return {
    inputs,
    run: () => [run()],
    ...(check && { check: ([result]: TfTensor[]) => check(result as TfTensor) }),
  };
}

/** Puts an operation's data in place. */
export async function prepareAsync(peer: TfjsPeer, setup: () => Operation): Promise<Prepared> {
  await peer.tf.setBackend('webgpu');
  const { inputs, run, check } = setup();
  await peer.settledAsync();
  let last: TfTensor[] = [];
  const runManyAsync = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      for (const tensor of last) tensor.dispose();
      last = peer.tf.tidy(run);
    }
    await peer.settledAsync();
  };
  return {
    runAsync: () => runManyAsync(1),
    runManyAsync,
    ...(check && { checkAsync: () => check(last) }),
    async disposeAsync() {
      for (const tensor of [...last, ...inputs]) tensor.dispose();
      await peer.settledAsync();
      peer.freeMemory();
    },
  };
}
