import { internalError } from '../errors.js';

/** One `@group(0) @binding(i) var... name` of a kernel. */
export interface Binding {
  name: string;
  index: number;
  kind: 'read' | 'write' | 'uniform' | 'storage-texture' | 'sampled-texture';
  textureFormat?: GPUTextureFormat;
  textureAccess?: GPUStorageTextureAccess;
  viewDimension?: GPUTextureViewDimension;
}

/** One member of `struct Params`, at its byte offset in the uniform buffer. */
export interface ParamField {
  name: string;
  offset: number;
  kind: 'u32' | 'i32' | 'f32';
  /** Number of 4-byte components: 1 for scalars, 4 for vec4, 4 × n for an array of vec4. */
  components: number;
}

export interface KernelInterface {
  bindings: Binding[];
  params: ParamField[];
  /** Size of the uniform block in bytes, a multiple of 16; 0 without `struct Params`. */
  paramsSize: number;
}

/**
 * Reads a kernel's declarations: the WGSL text is the only place where bindings and parameters
 * are described, so the host cannot drift from it.
 */
export function reflect(name: string, code: string): KernelInterface {
  const text = code.replace(/\/\/.*$/gm, '');
  const bindings: Binding[] = [];
  const declaration =
    /@group\(0\)\s*@binding\((\d+)\)\s*var\s*(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;]+);/g;
  for (const match of text.matchAll(declaration)) {
    const [, index, space = '', variable = '', type = ''] = match;
    bindings.push({ name: variable, index: Number(index), ...bindingKind(space, type, name) });
  }
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(text);
  const params: ParamField[] = [];
  let offset = 0;
  for (const member of (struct?.[1] ?? '').split(/,(?![^<]*>)/)) {
    const field = /(\w+)\s*:\s*(.+)$/s.exec(member.trim());
    if (!field) continue;
    const shape = memberShape((field[2] as string).trim(), name);
    offset = Math.ceil(offset / shape.align) * shape.align;
    params.push({
      name: field[1] as string,
      offset,
      kind: shape.kind,
      components: shape.components,
    });
    offset += shape.components * 4;
  }
  return { bindings, params, paramsSize: Math.ceil(offset / 16) * 16 };
}

function bindingKind(space: string, type: string, kernel: string): Omit<Binding, 'name' | 'index'> {
  const [kind, access] = space.split(',').map((s) => s.trim());
  if (kind === 'uniform') return { kind: 'uniform' };
  if (kind === 'storage') return { kind: access === 'read_write' ? 'write' : 'read' };
  const array = type.includes('_array') ? '2d-array' : '2d';
  const storage = /texture_storage_2d(?:_array)?\s*<\s*(\w+)\s*,\s*(\w+)\s*>/.exec(type);
  if (storage) {
    return {
      kind: 'storage-texture',
      textureFormat: storage[1] as GPUTextureFormat,
      textureAccess: storage[2] === 'read' ? 'read-only' : 'write-only',
      viewDimension: array,
    };
  }
  if (type.startsWith('texture_2d')) return { kind: 'sampled-texture', viewDimension: array };
  throw internalError(`kernel ${kernel}: cannot read binding "var<${space}> ...: ${type}"`);
}

function memberShape(
  type: string,
  kernel: string,
): { kind: ParamField['kind']; components: number; align: number } {
  const kinds: Record<string, ParamField['kind']> = { u: 'u32', i: 'i32', f: 'f32' };
  if (type === 'u32' || type === 'i32' || type === 'f32')
    return { kind: type, components: 1, align: 4 };
  const vector = /^vec([24])([uif])$/.exec(type);
  if (vector) {
    const n = Number(vector[1]);
    return { kind: kinds[vector[2] as string] as ParamField['kind'], components: n, align: 4 * n };
  }
  const array = /^array<\s*vec4([uif])\s*,\s*(\d+)u?\s*>$/.exec(type);
  if (array) {
    return {
      kind: kinds[array[1] as string] as ParamField['kind'],
      components: 4 * Number(array[2]),
      align: 16,
    };
  }
  throw internalError(`kernel ${kernel}: struct Params has a member of type ${type}`);
}

/** Writes params by name at `byteOffset` of a staging block. */
export function packParams(
  kernel: string,
  fields: readonly ParamField[],
  values: Readonly<Record<string, number | readonly number[]>>,
  view: DataView,
  byteOffset: number,
): void {
  for (const key of Object.keys(values)) {
    if (!fields.some((f) => f.name === key)) {
      throw internalError(
        `kernel ${kernel} has no parameter "${key}" (it has ${fields.map((f) => f.name).join(', ')})`,
      );
    }
  }
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined)
      throw internalError(`kernel ${kernel}: parameter "${field.name}" is missing`);
    const list = typeof value === 'number' ? [value] : value;
    if (list.length > field.components) {
      throw internalError(
        `kernel ${kernel}: parameter "${field.name}" takes ${field.components} values, got ${list.length}`,
      );
    }
    for (let i = 0; i < field.components; i++) {
      const at = byteOffset + field.offset + 4 * i;
      const v = list[i] ?? 0;
      if (field.kind === 'f32') view.setFloat32(at, v, true);
      else if (field.kind === 'i32') view.setInt32(at, v, true);
      else view.setUint32(at, v, true);
    }
  }
}
