/** COCO's run lengths in their compressed text form. */

/**
 * Run lengths from text: numbers of 5 bits a character, from the fourth on as differences to the last but one.
 * @param most run lengths at most; pixels + 1 for a mask
 * @throws RangeError on characters outside the alphabet, an unfinished number, or more numbers than `most`
 */
export function decodeCocoCounts(text: string, most = Infinity): number[] {
  const counts: number[] = [];
  let at = 0;
  while (at < text.length) {
    let value = 0;
    let shift = 0;
    let isLast = false;
    while (!isLast) {
      const code = text.charCodeAt(at++) - 48;
      if (!(code >= 0 && code < 64)) {
        throw new RangeError(`run lengths end early or have a foreign character at ${at - 1}`);
      }
      value += (code & 0x1f) * 2 ** (5 * shift);
      shift++;
      isLast = (code & 0x20) === 0;
      if (isLast && (code & 0x10) !== 0) value -= 2 ** (5 * shift);
    }
    if (counts.length > 2) value += counts[counts.length - 2]!;
    if (counts.length >= most) throw new RangeError(`more than ${most} run lengths`);
    counts.push(value);
  }
  return counts;
}
