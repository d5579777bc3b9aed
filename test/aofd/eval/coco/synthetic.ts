/** A set made by a 32-bit linear congruential generator, coordinates in quarter pixels. */
import type { CocoDetection, CocoImage, CocoTruth } from '../../../../src/aofd/eval/coco/set.js';

export function syntheticSet(images = 30): CocoImage[] {
  let state = 12345;
  const u = (): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const q = (value: number): number => Math.trunc(value * 4) / 4;
  return Array.from({ length: images }, () => {
    const truths: CocoTruth[] = [];
    const detections: CocoDetection[] = [];
    for (let g = Math.trunc(u() * 9); g > 0; g--) {
      const side = 2 ** (3 + u() * 5);
      const [x, y] = [q(u() * 500), q(u() * 400)];
      const w = Math.max(q(side), 1);
      const h = Math.max(q(side * (1 + u() / 2)), 1);
      const category = 1 + Math.trunc(u() * 3);
      const isCrowd = u() < 0.08;
      const area = w * h * (u() < 0.3 ? 0.75 : 1);
      truths.push({ box: [x, y, w, h], area, category, isCrowd, isIgnored: isCrowd });
      for (let k = Math.trunc(u() * 4); k > 0; k--) {
        const f = 0.3 * u();
        detections.push({
          box: [
            q(x + (u() - 0.5) * f * w),
            q(y + (u() - 0.5) * f * h),
            Math.max(q(w * (1 + (u() - 0.5) * f)), 1),
            Math.max(q(h * (1 + (u() - 0.5) * f)), 1),
          ],
          category: u() < 0.8 ? category : 1 + Math.trunc(u() * 3),
          score: Math.trunc(u() * 64) / 64,
        });
      }
    }
    for (let k = Math.trunc(u() * 20); k > 0; k--) {
      const category = 1 + Math.trunc(u() * 3);
      detections.push({
        category,
        box: [q(u() * 500), q(u() * 400), q(8 + u() * 90), q(8 + u() * 90)],
        score: Math.trunc(u() * 40) / 64,
      });
    }
    return { truths, detections };
  });
}
