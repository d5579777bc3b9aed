import { parseJsonText } from '../json.js';

/**
 * The first key that occurs twice in one object of `text`, or undefined. `JSON.parse` keeps the
 * last of two equal keys without a word, so a file could mean different things to two readers.
 * @param text valid JSON (parse it first)
 */
export function findDuplicateKey(text: string): string | undefined {
  // One frame per open bracket: the keys seen, or null inside a list.
  const frames: (Set<string> | null)[] = [];
  let atKey = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') {
      const end = stringEnd(text, i);
      const keys = frames.at(-1);
      if (atKey && keys) {
        const key = parseJsonText(text.slice(i, end + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
        atKey = false;
      }
      i = end;
    } else if (c === '{') {
      frames.push(new Set());
      atKey = true;
    } else if (c === '[') {
      frames.push(null);
      atKey = false;
    } else if (c === '}' || c === ']') {
      frames.pop();
      atKey = false;
    } else if (c === ',') {
      atKey = frames.at(-1) != null;
    }
  }
  return undefined;
}

/** Index of the quote that closes the string opened at `start`. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}
