/** Numbers as a C++ stream prints a double by default. */

const DIGITS = 6;

/**
 * Six significant digits without trailing zeros, exponent form below 1e-4 and from 1e6 on, as `%g`:
 * 0.65, 845, 1e-05, 1.79769e+308. Exact ties go to the even digit, as in glibc.
 */
export function formatG6(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponentText = '0'] = roundedExponential(value).split('e');
  const exponent = Number(exponentText);
  const trim = (text: string): string =>
    text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  if (exponent < -4 || exponent >= DIGITS) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${trim(mantissa)}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  return trim(Number(`${mantissa}e${exponent}`).toFixed(DIGITS - 1 - exponent));
}

/** `d.ddddde±x`; toExponential rounds exact ties away from zero, this one to even. */
function roundedExponential(value: number): string {
  const rounded = value.toExponential(DIGITS - 1);
  const [long = '', exponent = '0'] = value.toExponential(60).split('e');
  const tail = long.replace(/^-?\d\.\d{5}/, '');
  const lastDigit = Number(/(\d)$/.exec(long.slice(0, long.length - tail.length))?.[1] ?? '1');
  const isTie = /^50*$/.test(tail);
  return isTie && lastDigit % 2 === 0
    ? `${long.slice(0, long.length - tail.length)}e${exponent}`
    : rounded;
}
