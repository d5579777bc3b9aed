import { grid1d, type BufferSlice } from '../kernel/dispatch.js';
import { bind, elementWindows } from '../kernel/windows.js';
import type { Tensor, TensorDevice } from '../tensor/tensor.js';

/** A range of elements of equally sized tensors: one slot of a kernel that takes several. */
export interface Slot {
  bindings: Readonly<Record<string, BufferSlice>>;
  count: number;
  /** Up to four numbers of this slot's own, `params.rule[slot]`. */
  rule?: readonly number[];
}

/** The slots that cover these tensors: one, or several where they exceed a binding. */
export function slotsOf(
  tensors: Readonly<Record<string, Tensor>>,
  rule?: readonly number[],
): Slot[] {
  const entries = Object.entries(tensors);
  const [, first] = entries[0] as [string, Tensor];
  const limit = first.device.context.bindingLimit;
  return elementWindows(first.storedSize, limit).map((window) => ({
    bindings: Object.fromEntries(entries.map(([name, t]) => [name, bind(t.buffer, 4, window)])),
    count: window.count,
    ...(rule === undefined ? {} : { rule }),
  }));
}

/** Whether kernels take four elements of this slot at a time: up to five times as fast. */
const isQuads = (slot: Slot): boolean => slot.count % 4 === 0;

/** What invocations take of this slot, one or four elements each. */
const unitsOf = (slot: Slot): number => (isQuads(slot) ? slot.count / 4 : slot.count);

/** Workgroups of a launch over these slots. */
export function groupsOf(slots: readonly Slot[], perGroup: number): number {
  return slots.reduce((sum, slot) => sum + Math.ceil(unitsOf(slot) / perGroup), 0);
}

export interface SlotOptions {
  /** Invocations' shares (one element or four, see quads.wgsl) that one workgroup covers. Default 64. */
  perGroup?: number;
  defines?: Readonly<Record<string, number | boolean>>;
  /** Tensors that are bound whole in every launch. */
  whole?: Readonly<Record<string, Tensor>>;
  /** The kernel's other parameters; `first` counts the workgroups of the launches before. */
  params?: (first: number) => Readonly<Record<string, number>>;
}

/**
 * Runs a kernel over many small tensors with few launches: as many slots at a time as the adapter
 * binds storage buffers. The kernel's text has `SLOTS` sets of bindings, numbered names, and finds
 * its slot and its place there by `place[slot]` = (first workgroup, workgroup behind the last,
 * elements or quads, 0).
 */
export function runSlots(
  device: TensorDevice,
  kernel: string,
  slots: readonly Slot[],
  options: SlotOptions = {},
): void {
  let first = 0;
  for (const asQuads of [true, false]) {
    const taken = slots.filter((slot) => isQuads(slot) === asQuads);
    first += runAlike(device, kernel, taken, first, asQuads, options);
  }
}

/** Launches over slots of one kind; returns their workgroups. */
function runAlike(
  device: TensorDevice,
  kernel: string,
  slots: readonly Slot[],
  before: number,
  asQuads: boolean,
  options: SlotOptions,
): number {
  const { perGroup = 64, defines, whole = {}, params } = options;
  const free = device.context.limits.maxStorageBuffersPerShaderStage - Object.keys(whole).length;
  const each = Object.keys(slots[0]?.bindings ?? { none: 0 }).length;
  const most = Math.max(1, Math.min(16, Math.floor(free / each)));
  let first = before;
  for (let from = 0; from < slots.length; from += most) {
    const taken = slots.slice(from, from + most);
    const bindings: Record<string, BufferSlice | Tensor> = { ...whole };
    const place: number[] = [];
    const rule: number[] = [];
    let groups = 0;
    taken.forEach((slot, t) => {
      for (const [name, slice] of Object.entries(slot.bindings)) bindings[`${name}${t}`] = slice;
      const units = unitsOf(slot);
      const end = groups + Math.ceil(units / perGroup);
      place.push(groups, end, units, 0);
      for (let i = 0; i < 4; i++) rule.push(slot.rule?.[i] ?? 0);
      groups = end;
    });
    device.dispatch({
      kernel,
      defines: { ...defines, SLOTS: taken.length, QUADS: asQuads },
      bindings,
      params: { ...params?.(first), place, ...(taken[0]?.rule ? { rule } : {}) },
      workgroups: grid1d(groups, 1),
    });
    first += groups;
  }
  return first - before;
}
