import { Tape, type TapeNode } from '../autograd/tape.js';
import { nd, type TwinArray } from '../twins/nd.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkRow, type CheckRow } from './compare.js';
import { twinOf, type OperationHints } from './operation-twins.js';

/**
 * A tape that keeps what it records, to compare each operation with its CPU reference afterwards.
 * Operations are recorded where an input has `requiresGrad` (set it on the network's input).
 */
export class RecordingTape extends Tape {
  readonly nodes: TapeNode[] = [];

  override push(node: TapeNode): void {
    super.push(node);
    this.nodes.push(node);
  }
}

/** Largest difference that passes, as a share of the output's largest value. */
export function toleranceOf(op: string): number {
  switch (op) {
    case 'conv2d':
      return 2e-4; // Winograd F(4x4) in f32 loses about two digits
    case 'linear':
    case 'weightStandardize':
    case 'softmax':
    case 'sigmoid':
      return 2e-5;
    case 'upsampleBilinear':
    case 'add':
    case 'mulElement':
      return 2e-6;
    default:
      return 0; // copies and maxima are exact
  }
}

/** Reads a recorded operation's operands back and compares its output with the reference. */
export async function checkNodeAsync(
  node: TapeNode,
  name: string,
  hints: OperationHints,
): Promise<CheckRow> {
  const output = node.outputs[0] as Tensor;
  const tensors = [...node.inputs, output];
  const values = await Promise.all(tensors.map((t) => (t ? t.readAsync() : Promise.resolve(null))));
  const arrays = tensors.map((t, i): TwinArray | null =>
    t && values[i] ? nd(t.shape, values[i]) : null,
  );
  const got = arrays.pop() as TwinArray;
  const want = twinOf(node.op, arrays, output.shape, hints);
  if (!want) {
    const base = { name, op: node.op, shape: output.shape, difference: null, tolerance: 0 };
    return { ...base, passed: true, note: 'no reference' };
  }
  return checkRow(name, node.op, got.data, want, toleranceOf(node.op));
}
