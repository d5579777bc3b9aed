/** Finds the image of a set that a result file means, whatever folders its writer put in front. */
import type { EvalImage } from '../protocol.js';

/** What a name in a result file refers to. */
export type NameMatch =
  | { kind: 'found'; name: string }
  | { kind: 'unknown' }
  /** Several images of the set end like this. */
  | { kind: 'ambiguous'; names: readonly string[] };

/**
 * Names of a set. A name matches exactly, or by the longest run of trailing path parts that it shares
 * with an image of the set (at least the file name), if one image alone ends like that. So `x.jpg`,
 * `val/x.jpg` and `/data/images/val/x.jpg` all mean `images/val/x.jpg`, with or without extension.
 */
export class ImageNames {
  private readonly exact = new Set<string>();
  private readonly byEnding = new Map<string, string[]>();

  /** @throws RangeError when the set names an image twice */
  constructor(images: readonly EvalImage[]) {
    for (const { name } of images) {
      if (this.exact.has(name)) throw new RangeError(`The set names image "${name}" twice.`);
      this.exact.add(name);
      for (const ending of endingsOf(name)) {
        for (const key of new Set([ending, withoutExtension(ending)])) {
          const names = this.byEnding.get(key);
          if (names) names.push(name);
          else this.byEnding.set(key, [name]);
        }
      }
    }
  }

  get size(): number {
    return this.exact.size;
  }

  /** A name of the set, for messages. */
  get example(): string {
    return [...this.exact][0] ?? '(the set is empty)';
  }

  match(name: string): NameMatch {
    if (this.exact.has(name)) return { kind: 'found', name };
    for (const ending of endingsOf(name)) {
      const names = this.byEnding.get(ending) ?? this.byEnding.get(withoutExtension(ending));
      if (!names) continue;
      return names.length === 1
        ? { kind: 'found', name: names[0]! }
        : { kind: 'ambiguous', names: names.slice(0, 3) };
    }
    return { kind: 'unknown' };
  }
}

/** Trailing parts of a path, the longest first: a/b/c, b/c, c. */
function endingsOf(name: string): string[] {
  const parts = name
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  return parts.map((_, i) => parts.slice(i).join('/'));
}

/** Without a picture's extension; other dots belong to the name. */
function withoutExtension(name: string): string {
  return name.replace(/\.(jpe?g|jpe|png|webp|avif|tiff?|bmp|gif|ppm)$/i, '');
}
