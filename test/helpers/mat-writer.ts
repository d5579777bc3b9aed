/** Writes small MATLAB files for tests: version 5 by hand, version 7.3 through the HDF5 library. */
import { readFileSync, writeFileSync } from 'node:fs';
import { zlibSync } from 'fflate';
import type * as h5wasm from 'h5wasm/node';
import { loadH5LibraryAsync } from '../../src/nn/io/files/h5.js';
import type { MatNumberClass, MatNumbers, MatValue } from '../../src/aofd/formats/mat-value.js';

/** A matrix from rows. */
export function numbers(
  rows: readonly (readonly number[])[],
  type: MatNumberClass = 'double',
): MatNumbers {
  const columns = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, r) => row.forEach((value, c) => (data[c * rows.length + r] = value)));
  return { kind: 'numbers', type, shape: [rows.length, columns], data };
}

export const text = (...rows: string[]): MatValue => ({
  kind: 'text',
  shape: [rows.length, rows[0]?.length ?? 0],
  rows,
});

/** A column of cells. */
export const cell = (...cells: MatValue[]): MatValue => ({
  kind: 'cell',
  shape: [cells.length, 1],
  cells,
});

/** A row of structs. */
export function struct(...elements: Record<string, MatValue>[]): MatValue {
  return {
    kind: 'struct',
    shape: [1, elements.length],
    fields: Object.keys(elements[0]!),
    elements,
  };
}

export interface Mat5Options {
  big?: boolean;
  compress?: boolean;
}

const CLASS_IDS = {
  double: 6,
  single: 7,
  int8: 8,
  uint8: 9,
  int16: 10,
  uint16: 11,
  int32: 12,
  uint32: 13,
  int64: 14,
  uint64: 15,
  logical: 9,
} as const;

class Mat5Writer {
  constructor(private readonly little: boolean) {}

  /** An element; up to 4 bytes go into the tag, as MATLAB does. */
  element(type: number, content: Uint8Array): Uint8Array {
    const isSmall = content.length > 0 && content.length <= 4;
    const size = isSmall ? 8 : 8 + Math.ceil(content.length / 8) * 8;
    const out = new Uint8Array(size);
    const view = new DataView(out.buffer);
    if (isSmall) view.setUint32(0, content.length * 65536 + type, this.little);
    else {
      view.setUint32(0, type, this.little);
      view.setUint32(4, content.length, this.little);
    }
    out.set(content, isSmall ? 4 : 8);
    return out;
  }

  words(values: readonly number[], bytes: 2 | 4 | 8 = 4): Uint8Array {
    const out = new Uint8Array(values.length * bytes);
    const view = new DataView(out.buffer);
    values.forEach((value, i) => {
      if (bytes === 8) view.setFloat64(8 * i, value, this.little);
      else if (bytes === 4) view.setInt32(4 * i, value, this.little);
      else view.setUint16(2 * i, value, this.little);
    });
    return out;
  }

  matrix(value: MatValue, name: string): Uint8Array {
    const classId = { cell: 1, struct: 2, text: 4, numbers: 0 }[value.kind];
    const isLogical = value.kind === 'numbers' && value.type === 'logical';
    const flags =
      (value.kind === 'numbers' ? CLASS_IDS[value.type] : classId) + (isLogical ? 0x200 : 0);
    const head = [
      this.element(6, this.words([flags, 0])),
      this.element(5, this.words(value.shape)),
      this.element(1, latin1(name)),
    ];
    return this.element(14, join([...head, ...this.content(value)]));
  }

  private content(value: MatValue): Uint8Array[] {
    if (value.kind === 'cell') return value.cells.map((item) => this.matrix(item, ''));
    if (value.kind === 'numbers') {
      const data = [...value.data];
      const isSmallIntegers = data.every((v) => Number.isInteger(v) && v >= 0 && v < 256);
      // MATLAB stores whole numbers in fewer bytes, whatever their class.
      if (isSmallIntegers) return [this.element(2, Uint8Array.from(data))];
      return [this.element(9, this.words(data, 8))];
    }
    if (value.kind === 'text') {
      const units: number[] = [];
      const [rows = 0, columns = 0] = value.shape;
      for (let c = 0; c < columns; c++) {
        for (let r = 0; r < rows; r++) units.push(value.rows[r]!.charCodeAt(c));
      }
      return [this.element(4, this.words(units, 2))];
    }
    const width = Math.max(1, ...value.fields.map((field) => field.length + 1));
    const names = new Uint8Array(width * value.fields.length);
    value.fields.forEach((field, f) => names.set(latin1(field), f * width));
    return [
      this.element(5, this.words([width])),
      this.element(1, names),
      ...value.elements.flatMap((item) => value.fields.map((f) => this.matrix(item[f]!, ''))),
    ];
  }
}

const latin1 = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Bytes of a version 5 file. */
export function mat5(variables: Record<string, MatValue>, options: Mat5Options = {}): Uint8Array {
  const little = !options.big;
  const writer = new Mat5Writer(little);
  const header = new Uint8Array(128).fill(32);
  header.set(latin1('MATLAB 5.0 MAT-file, written for a test'));
  header.set(little ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49], 124);
  const parts = Object.entries(variables).map(([name, value]) => {
    const matrix = writer.matrix(value, name);
    if (!options.compress) return matrix;
    const packed = zlibSync(matrix);
    const tag = new DataView(new ArrayBuffer(8));
    tag.setUint32(0, 15, little);
    tag.setUint32(4, packed.length, little);
    return join([new Uint8Array(tag.buffer), packed]);
  });
  return join([header, ...parts]);
}

/** Writes a version 7.3 file with MATLAB's header of 512 bytes. */
export async function writeMat73Async(
  path: string,
  variables: Record<string, MatValue>,
): Promise<void> {
  const library = await loadH5LibraryAsync();
  const file = new library.File(path, 'w');
  const refs = file.create_group('#refs#');
  let next = 0;
  const reference = (value: MatValue): h5wasm.Reference => {
    const name = `r${next++}`;
    write(refs, name, value);
    return (refs.get(name) as h5wasm.Dataset).create_reference();
  };
  const dataset = (
    group: h5wasm.Group,
    name: string,
    data: h5wasm.Reference[] | Float64Array | Uint16Array | BigUint64Array,
    shape: readonly number[],
  ): h5wasm.Dataset =>
    group.create_dataset({ name, data: data as Float64Array, shape: [...shape].reverse() });
  const write = (group: h5wasm.Group, name: string, value: MatValue): void => {
    const type = { cell: 'cell', struct: 'struct', text: 'char', numbers: '' }[value.kind];
    const classOf = value.kind === 'numbers' ? value.type : type;
    if (value.shape.includes(0)) {
      const shape = BigUint64Array.from(value.shape, BigInt);
      const empty = group.create_dataset({ name, data: shape, shape: [shape.length] });
      empty.create_attribute('MATLAB_class', classOf);
      empty.create_attribute('MATLAB_empty', Uint8Array.of(1));
      return;
    }
    if (value.kind === 'struct') {
      const inner = group.create_group(name);
      inner.create_attribute('MATLAB_class', 'struct');
      for (const field of value.fields) {
        if (value.elements.length === 1) write(inner, field, value.elements[0]![field]!);
        else
          dataset(
            inner,
            field,
            value.elements.map((e) => reference(e[field]!)),
            value.shape,
          );
      }
      return;
    }
    const data =
      value.kind === 'cell'
        ? value.cells.map(reference)
        : value.kind === 'numbers'
          ? value.data
          : textUnits(value.rows);
    dataset(group, name, data, value.shape).create_attribute('MATLAB_class', classOf);
  };
  for (const [name, value] of Object.entries(variables)) write(file, name, value);
  file.close();
  const header = new Uint8Array(512);
  header.fill(32, 0, 124);
  header.set(latin1('MATLAB 7.3 MAT-file, written for a test'));
  header.set([0, 2, 0x49, 0x4d], 124);
  writeFileSync(path, join([header, readFileSync(path)]));
}

function textUnits(rows: readonly string[]): Uint16Array {
  const columns = rows[0]?.length ?? 0;
  return Uint16Array.from({ length: rows.length * columns }, (_, i) =>
    rows[i % rows.length]!.charCodeAt(Math.floor(i / rows.length)),
  );
}
