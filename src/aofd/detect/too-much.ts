import { isOutOfMemory, NnError } from '../../nn/index.js';

/** Whether an error says that a device has too little memory, or room, for a look that one can do without. */
export const isTooMuch = (error: unknown): boolean =>
  isOutOfMemory(error) ||
  (error instanceof NnError && ['buffer-too-large', 'texture-too-large'].includes(error.code));
