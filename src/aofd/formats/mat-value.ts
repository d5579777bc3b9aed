/**
 * Values of MATLAB files (`.mat`), the same for versions 5 and 7.3, and access to them with errors
 * that name the place. Arrays keep MATLAB's order: the first index runs fastest.
 */
import { IoError, shapeText } from '../../nn/io/errors.js';

export type MatNumberClass =
  | 'double'
  | 'single'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'logical';

/** Numbers or truth values, column-major. 64-bit integers beyond 2^53 lose their last digits. */
export interface MatNumbers {
  kind: 'numbers';
  type: MatNumberClass;
  shape: readonly number[];
  data: Float64Array;
}

/** A character array; one string per row. */
export interface MatText {
  kind: 'text';
  shape: readonly number[];
  rows: readonly string[];
}

export interface MatCell {
  kind: 'cell';
  shape: readonly number[];
  /** Column-major. */
  cells: readonly MatValue[];
}

export interface MatStruct {
  kind: 'struct';
  shape: readonly number[];
  /** Version 7.3: in order of their names where the file does not say more. */
  fields: readonly string[];
  /** Column-major. */
  elements: readonly Readonly<Record<string, MatValue>>[];
}

export type MatValue = MatNumbers | MatText | MatCell | MatStruct;

/** An opened file: its variables, each decoded when it is asked for. */
export interface MatFile extends Disposable {
  /** As given by the caller, for messages. */
  readonly path: string;
  readonly version: '5' | '7.3';
  /** Variables in the file's order. */
  readonly names: readonly string[];
  /** @throws IoError `io/missing` without such a variable, `io/dtype` for kinds not taken */
  read(name: string): MatValue;
}

/** Decodes one variable and checks its kind. */
export function readMatVariable<K extends MatValue['kind']>(
  file: MatFile,
  name: string,
  kind: K,
): Extract<MatValue, { kind: K }> {
  return matOfKind(file.read(name), kind, `${file.path}: ${name}`);
}

/** The value itself when it is of this kind; an empty 0x0 double stands for any empty value. */
export function matOfKind<K extends MatValue['kind']>(
  value: MatValue,
  kind: K,
  where: string,
): Extract<MatValue, { kind: K }> {
  if (value.kind === kind) return value as Extract<MatValue, { kind: K }>;
  if (value.kind === 'numbers' && value.data.length === 0) {
    return emptyOf(kind) as Extract<MatValue, { kind: K }>;
  }
  throw new IoError(
    'io/mismatch',
    `expected ${kind}, got ${value.kind} (${shapeText(value.shape)})`,
    { where },
  );
}

function emptyOf(kind: MatValue['kind']): MatValue {
  const shape = [0, 0];
  if (kind === 'text') return { kind, shape, rows: [] };
  if (kind === 'cell') return { kind, shape, cells: [] };
  if (kind === 'struct') return { kind, shape, fields: [], elements: [] };
  return { kind, type: 'double', shape, data: new Float64Array(0) };
}

/** A single line of text, also where it is wrapped in a cell of its own. Empty text is ''. */
export function matLine(value: MatValue, where: string): string {
  if (value.kind === 'cell' && value.cells.length === 1) return matLine(value.cells[0]!, where);
  const { rows } = matOfKind(value, 'text', where);
  if (rows.length > 1) {
    throw new IoError('io/mismatch', `expected one line of text, got ${rows.length}`, { where });
  }
  return rows[0] ?? '';
}

/** Rows of a numeric matrix; any empty matrix has none. */
export function matRows(value: MatValue, where: string): number[][] {
  const { data, shape } = matOfKind(value, 'numbers', where);
  if (data.length === 0) return [];
  if (shape.length !== 2) {
    throw new IoError('io/mismatch', `expected a matrix, got ${shapeText(shape)}`, { where });
  }
  const [rows, columns] = shape as [number, number];
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => data[c * rows + r]!),
  );
}

/** Text rows of a column-major array of UTF-16 units with R rows. */
export function textRows(units: ArrayLike<number>, shape: readonly number[]): string[] {
  const rows = shape[0] ?? 0;
  const columns = rows === 0 ? 0 : Math.floor(units.length / rows);
  if (columns === 0) return [];
  return Array.from({ length: rows }, (_, r) => {
    let text = '';
    for (let c = 0; c < columns; c++) text += String.fromCharCode(units[c * rows + r]!);
    return text;
  });
}
