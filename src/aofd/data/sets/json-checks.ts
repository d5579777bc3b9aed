/** Values of JSON label files, checked; errors name file and JSON path. */
import { DataError } from '../../errors.js';
import { preview } from './text-file.js';

export function malformed(file: string, path: string, got: unknown, expected: string): DataError {
  return new DataError(
    'list-malformed',
    `got ${preview(got).slice(0, 60)}, expected ${expected}.`,
    {
      where: `${file}: ${path}`,
      fix: 'correct this entry of the annotation file',
    },
  );
}

export function asRecord(value: unknown, file: string, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(file, path, value, 'an object');
  }
  return value as Record<string, unknown>;
}

export function asList(value: unknown, file: string, path: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(file, path, value, 'a list');
  return value;
}

export function asNumber(value: unknown, file: string, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw malformed(file, path, value, 'a number');
  }
  return value;
}

/** 0, 1, false, true, or absent. */
export function isFlagSet(
  record: Record<string, unknown>,
  key: string,
  file: string,
  path: string,
): boolean {
  const value = record[key];
  if (value === undefined || value === null || value === 0 || value === false) return false;
  if (value === 1 || value === true) return true;
  throw malformed(file, `${path}.${key}`, value, '0 or 1');
}
