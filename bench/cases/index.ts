import type { Device } from '../../src/nn/index.js';
import type { BenchCase } from '../measure/case.js';
import { convCases } from './conv.js';
import { linearCases } from './linear.js';
import { mapCases } from './map.js';
import { stackCases } from './stack.js';

export interface CaseOptions {
  isQuick: boolean;
  /** Only cases whose `group/name` matches; a quick run leaves out none of these. */
  only?: RegExp;
  /** Whether a whole training step of `paper` takes turns with the stack. */
  withStep: boolean;
}

/** The cases of a run, our own contestants in them. */
export function benchCases(device: Device, { isQuick, only, withStep }: CaseOptions): BenchCase[] {
  const side = sideOf(device);
  const all = [
    ...convCases(device, side, isQuick),
    ...linearCases(device, isQuick),
    ...mapCases(device, isQuick),
    ...stackCases(device, side, isQuick, withStep),
  ];
  if (only) return all.filter(({ group, name }) => only.test(`${group}/${name}`));
  return isQuick ? all.filter(isQuickCase) : all;
}

/** Side of the picture whose VGG16 maps are measured; SwiftShader would need hours for the usual one. */
const sideOf = ({ adapter }: Device): number => (adapter.kind === 'swiftshader' ? 128 : 512);

/** What a quick run keeps: three convolutions of different kinds, fc7, the maps, the stack forward. */
function isQuickCase({ group, name }: BenchCase): boolean {
  if (group === 'conv') return /^conv(2_2|3_2|5_1)/.test(name);
  if (group === 'stack') return name.endsWith('forward');
  return true;
}
