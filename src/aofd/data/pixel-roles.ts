/** The classes of pixel maps and what they mean for the face that they lie on. */
import { DataError } from '../errors.js';
import type { PixelRole } from './sample.js';

export const PIXEL_ROLES = ['visible', 'cover', 'overhang', 'other'] as const;

/** CelebAMask-HQ's classes by number. `l_`, `r_`: the person's left and right. */
const CELEBAMASK: readonly (readonly [name: string, role: PixelRole])[] = [
  ['background', 'overhang'], // hands, microphones
  ['skin', 'visible'],
  ['nose', 'visible'],
  ['eyeglasses', 'cover'],
  ['l_eye', 'visible'],
  ['r_eye', 'visible'],
  ['l_brow', 'visible'],
  ['r_brow', 'visible'],
  ['l_ear', 'other'],
  ['r_ear', 'other'],
  ['mouth', 'visible'],
  ['u_lip', 'visible'],
  ['l_lip', 'visible'],
  ['hair', 'overhang'],
  ['hat', 'overhang'],
  ['earring', 'other'],
  ['necklace', 'other'],
  ['neck', 'other'],
  ['cloth', 'overhang'],
];

/** The classes of Clothing Co-Parsing that say something about a face; the others do not. */
const CLOTHING: Readonly<Record<number, readonly [name: string, role: PixelRole]>> = {
  17: ['glasses', 'cover'],
  19: ['hair', 'cover'],
  20: ['hat', 'cover'],
  37: ['scarf', 'cover'],
  41: ['skin', 'visible'],
  47: ['sunglasses', 'cover'],
};

/** Number of classes of Clothing Co-Parsing. */
const CLOTHING_CLASSES = 59;

/** Class of hair in CelebAMask-HQ. */
export const CELEBAMASK_HAIR = 13;

/**
 * Role of each class number; `changes` overrides by name or number.
 * @throws DataError for a name that the set does not have
 */
export function rolesOf(
  set: 'celebamask' | 'clothing',
  changes: Readonly<Record<string, PixelRole>>,
): PixelRole[] {
  const classes =
    set === 'celebamask'
      ? CELEBAMASK
      : Array.from(
          { length: CLOTHING_CLASSES },
          (_, i) => CLOTHING[i] ?? ([`${i}`, 'other'] as const),
        );
  const roles = classes.map(([, role]) => role);
  for (const [key, role] of Object.entries(changes)) {
    const at = classes.findIndex(([name], i) => name === key || `${i}` === key);
    if (at < 0) {
      const names = classes.map(([name]) => name).filter((name) => !/^\d+$/.test(name));
      throw new DataError('option-invalid', 'is no class of this set.', {
        where: `roles.${key}`,
        fix: `use a class number or one of ${names.join(', ')}`,
      });
    }
    roles[at] = role;
  }
  return roles;
}
