/**
 * Lists of faces that a detector found: JSON lines `{"file", "width", "height", "faces": [[x1, y1,
 * x2, y2, score], ...]}`, edges in pixels of the picture that it looked at.
 */
import { basename } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors.js';
import type { TeacherFace } from '../reconcile.js';
import { readLines } from './text-file.js';
import { parseJsonText } from '../../../nn/json.js';

const finite = z.number();
const lineSchema = z.object({
  file: z.string().min(1),
  width: z.number().positive(),
  height: z.number().positive(),
  faces: z.array(z.tuple([finite, finite, finite, finite, z.number().min(0).max(1)])),
});

/** Relative difference of aspects that rounding of a scaled picture's sides explains. */
const ASPECT_TOLERANCE = 0.02;

/** The lines of one list, by base name of the picture. */
export class TeacherList {
  readonly #pictures = new Map<string, z.infer<typeof lineSchema> & { where: string }>();

  /** Throws DataError naming file and line of anything malformed, also a picture listed twice. */
  constructor(readonly file: string) {
    readLines(file).forEach((text, i) => {
      if (text.trim() === '') return;
      const where = `${file}:${i + 1}`;
      const parsed = lineSchema.safeParse(parseJson(text));
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        throw malformed(where, `${issue?.path.join('.') || 'line'}: ${issue?.message ?? 'no'}`);
      }
      const name = basename(parsed.data.file);
      if (this.#pictures.has(name)) throw malformed(where, `"${name}" is listed a second time`);
      this.#pictures.set(name, { ...parsed.data, where });
    });
  }

  /** Base names of the pictures, in the order of the list. */
  get names(): string[] {
    return [...this.#pictures.keys()];
  }

  /**
   * Faces of a picture that is stored in the size given, not clipped; null when the list does not have
   * it. Throws DataError naming the line when the list saw a picture of another aspect.
   */
  facesOf(name: string, size: { width: number; height: number }): TeacherFace[] | null {
    const entry = this.#pictures.get(basename(name));
    if (!entry) return null;
    const sx = size.width / entry.width;
    const sy = size.height / entry.height;
    if (Math.abs(sx / sy - 1) > ASPECT_TOLERANCE) {
      throw new DataError(
        'list-malformed',
        `${name} is ${entry.width}x${entry.height} here but stored as ${size.width}x${size.height}.`,
        { where: entry.where, fix: 'make the list from the pictures that are trained on' },
      );
    }
    return entry.faces.map(([x1, y1, x2, y2, score]) => ({
      box: [x1 * sx, y1 * sy, x2 * sx - 1, y2 * sy - 1],
      score,
    }));
  }
}

function parseJson(text: string): unknown {
  try {
    return parseJsonText(text) as unknown;
  } catch {
    return undefined;
  }
}

function malformed(where: string, what: string): DataError {
  return new DataError('list-malformed', `${what}.`, {
    where,
    fix: 'each line is {"file", "width", "height", "faces": [[x1, y1, x2, y2, score], ...]}',
  });
}
