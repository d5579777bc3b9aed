/** JSON from files of strangers: the one place where it is parsed. */

/** Brackets inside brackets beyond this are refused: what walks a value by recursion would overflow the stack. */
export const MOST_JSON_DEPTH = 100;

/**
 * `JSON.parse` without its traps: refuses values nested more than {@link MOST_JSON_DEPTH} deep, and the
 * key `__proto__`, which an assignment `copy[key] = value` would make the prototype of the copy.
 * @throws SyntaxError saying what is wrong; callers add the file
 */
export function parseJsonText(text: string): unknown {
  checkDepth(text);
  const value: unknown = JSON.parse(text);
  // An escaped key has a backslash; other texts need no look at every key.
  if (text.includes('__proto__') || text.includes('\\u')) refuseProto(value);
  return value;
}

function checkDepth(text: string): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = stringEnd(text, i);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > MOST_JSON_DEPTH) {
          throw new SyntaxError(
            `values are nested more than ${MOST_JSON_DEPTH} deep at position ${i}`,
          );
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
    }
  }
}

/** Index of the quote that ends a string, or the end of the text. */
function stringEnd(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    let slashes = 0;
    while (text[i - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return i;
  }
  return text.length;
}

function refuseProto(top: unknown): void {
  const open: unknown[] = [top];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) {
      throw new SyntaxError('the key "__proto__" is not allowed');
    }
    for (const inner of Object.values(value)) open.push(inner);
  }
}
