/** What went wrong, in words for people who do not program, and what they can do. */

export interface PlainMessage {
  title: string;
  fix: string;
}

/** By the code of an NnError or the name of a DOMException. */
const MESSAGES: Readonly<Record<string, PlainMessage>> = {
  'no-webgpu': {
    title: 'This browser cannot compute here (it has no WebGPU).',
    fix: 'Use a current Chrome, Edge, Safari or Firefox with hardware acceleration switched on. The samples below show stored results.',
  },
  'no-adapter': {
    title: 'The browser found no graphics device to compute on.',
    fix: 'Switch on hardware acceleration in the browser’s settings, update the graphics driver, or try another browser.',
  },
  insecure: {
    title: 'The browser only computes on pages that came over a secure connection.',
    fix: 'Open this page over https, or on this computer at localhost.',
  },
  'weights-download': {
    title: 'The detector could not be downloaded.',
    fix: 'Check the connection and load the page again.',
  },
  'device-lost': {
    title: 'The graphics device was reset.',
    fix: 'Load the page again; close other pages that use much graphics memory.',
  },
  'out-of-memory': {
    title: 'The graphics device has too little memory for this size.',
    fix: 'Choose a smaller size under Settings.',
  },
  picture: {
    title: 'This is not a picture that the browser can read.',
    fix: 'Use JPEG, PNG, WebP or AVIF.',
  },
  video: {
    title: 'This video cannot be played here.',
    fix: 'Use MP4 (H.264) or WebM.',
  },
  'camera-gone': {
    title: 'The camera has stopped.',
    fix: 'It was unplugged, or may not be used any more. Connect or allow it, then press Camera again.',
  },
  NotAllowedError: {
    title: 'The camera may not be used.',
    fix: 'Allow it at the camera sign in the address bar, then press Camera again.',
  },
  NotFoundError: {
    title: 'No camera was found.',
    fix: 'Connect one, or choose a photo instead.',
  },
  NotReadableError: {
    title: 'The camera cannot be opened.',
    fix: 'Another program may be using it. Close that program and try again.',
  },
  OverconstrainedError: {
    title: 'This camera is not there any more.',
    fix: 'Choose another one from the list.',
  },
};

/** Codes that mean the same to a person. */
const ALIASES: Readonly<Record<string, string>> = {
  'insecure-context': 'insecure',
  'not-secure': 'insecure',
  EncodingError: 'picture',
  InvalidStateError: 'picture',
  'picture-cross-origin': 'picture',
  'adapter-none': 'no-adapter',
  lost: 'device-lost',
  memory: 'out-of-memory',
};

/** A message for anything that was thrown. */
export function plainMessage(error: unknown): PlainMessage {
  const { code, name, message, fix } = (error ?? {}) as Record<string, unknown>;
  for (const key of [code, name]) {
    if (typeof key !== 'string') continue;
    const found = MESSAGES[ALIASES[key] ?? key];
    if (found) return found;
  }
  return {
    title: `Something went wrong: ${typeof message === 'string' ? message : String(error)}`,
    fix: typeof fix === 'string' ? fix : 'Load the page again.',
  };
}
