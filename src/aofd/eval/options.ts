/** Values of protocol options, checked. */
import { DataError } from '../errors.js';
import type { ProtocolOptions } from './protocol.js';

/** A text option, or undefined when it was not given. */
export function textOption(options: ProtocolOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * A number option.
 * @throws DataError when it is no number between `low` and `high`
 */
export function numberOption(
  options: ProtocolOptions,
  name: string,
  fallback: number,
  low: number,
  high: number,
): number {
  const text = textOption(options, name);
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const range = Number.isFinite(low) && Number.isFinite(high) ? ` between ${low} and ${high}` : '';
  throw new DataError('option-invalid', `got "${text}", expected a number${range}.`, {
    where: flag,
    fix: 'correct this option',
  });
}
