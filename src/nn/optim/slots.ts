import { grid1d, type BufferSlice } from '../kernel/dispatch.js';
import { sliceOf } from '../kernel/windows.js';
import type { Device } from '../tensor/device.js';
import type { Tensor } from '../tensor/tensor.js';
import { elementWindows } from './in-place.js';

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
  return elementWindows(first).map((window) => ({
    bindings: Object.fromEntries(entries.map(([name, t]) => [name, sliceOf(t.buffer, window)])),
    count: window.count,
    ...(rule === undefined ? {} : { rule }),
  }));
}

export interface SlotOptions {
  /** Elements that one workgroup covers. Default 64. */
  perGroup?: number;
  /** Tensors that are bound whole in every launch. */
  whole?: Readonly<Record<string, Tensor>>;
  /** The kernel's other parameters; `first` counts the workgroups of the launches before. */
  params?: (first: number) => Readonly<Record<string, number>>;
}

/**
 * Runs a kernel over many small tensors with few launches: as many slots at a time as the adapter
 * binds storage buffers. The kernel's text has `SLOTS` sets of bindings, numbered names, and finds
 * its slot and its place there by `place[slot]` = (first workgroup, workgroup behind the last,
 * elements, 0).
 */
export function runSlots(
  device: Device,
  kernel: string,
  slots: readonly Slot[],
  options: SlotOptions = {},
): void {
  const { perGroup = 64, whole = {}, params } = options;
  const free = device.context.limits.maxStorageBuffersPerShaderStage - Object.keys(whole).length;
  const each = Object.keys(slots[0]?.bindings ?? { none: 0 }).length;
  const most = Math.max(1, Math.min(16, Math.floor(free / each)));
  let first = 0;
  for (let from = 0; from < slots.length; from += most) {
    const taken = slots.slice(from, from + most);
    const bindings: Record<string, BufferSlice | Tensor> = { ...whole };
    const place: number[] = [];
    const rule: number[] = [];
    let groups = 0;
    taken.forEach((slot, t) => {
      for (const [name, slice] of Object.entries(slot.bindings)) bindings[`${name}${t}`] = slice;
      const end = groups + Math.ceil(slot.count / perGroup);
      place.push(groups, end, slot.count, 0);
      for (let i = 0; i < 4; i++) rule.push(slot.rule?.[i] ?? 0);
      groups = end;
    });
    device.dispatch({
      kernel,
      defines: { SLOTS: taken.length },
      bindings,
      params: { ...params?.(first), place, ...(taken[0]?.rule ? { rule } : {}) },
      workgroups: grid1d(groups, 1),
    });
    first += groups;
  }
}
