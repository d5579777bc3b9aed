/** Pixels of everything that a page may have a picture in. */
import type { DecodedImage } from '../data/sample.js';
import { pixelsOfSourceAsync } from '../detect/picture-source.js';
import { BrowserError } from './errors.js';

/** A picture as pages have them; a text or URL is an address to fetch. */
export type PictureSource = ImageBitmapSource | URL | string;

/** What a 2D canvas can draw. */
type Drawable = Exclude<CanvasImageSource, SVGImageElement>;

/** A 2D context whose pixels are read: kept by the processor. */
export type ReadableContext = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/**
 * The pixels of a picture as RGB, turned by its EXIF orientation; what is transparent lies on white, as in Node.
 * @throws BrowserError `picture` for what holds no picture, `picture-cross-origin` for pixels that the browser
 *   does not give to this page
 */
export async function pixelsOfAsync(source: PictureSource): Promise<DecodedImage> {
  if (isImageData(source)) return pixelsOfSourceAsync(source);
  const isOwn = typeof source === 'string' || source instanceof URL || source instanceof Blob;
  const drawable = isOwn ? await bitmapOfAsync(source) : await readyAsync(source as Drawable);
  try {
    const { width, height } = sizeOf(drawable);
    const context = readableContext(width, height);
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    return rgbOf(readPixels(context, drawable, width, height), { width, height });
  } finally {
    if (isOwn) (drawable as ImageBitmap).close();
  }
}

/** A canvas of its own for pixels that are read at once. */
export function readableContext(width: number, height: number): ReadableContext {
  const canvas =
    typeof OffscreenCanvas === 'undefined'
      ? Object.assign(document.createElement('canvas'), { width, height })
      : new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', {
    alpha: false,
    willReadFrequently: true,
  }) as ReadableContext | null;
  if (context) return context;
  throw noCanvas(width, height);
}

function noCanvas(width: number, height: number, cause?: unknown): BrowserError {
  return new BrowserError('picture', `no canvas of ${width}x${height} pixels can be had.`, {
    fix: 'use a smaller picture.',
    cause,
  });
}

/** Draws a picture over the whole canvas and reads it: RGBA, row by row. */
export function readPixels(
  context: ReadableContext,
  drawable: Drawable,
  width: number,
  height: number,
): Uint8ClampedArray {
  context.drawImage(drawable, 0, 0, width, height);
  try {
    return context.getImageData(0, 0, width, height).data;
  } catch (cause) {
    if ((cause as Error).name !== 'SecurityError') throw noCanvas(width, height, cause);
    throw new BrowserError(
      'picture-cross-origin',
      'the browser does not let this page read pixels from another site.',
      {
        cause,
        fix: 'set crossorigin="anonymous" on the <img> or <video>, and let its server send Access-Control-Allow-Origin.',
      },
    );
  }
}

/** Size of a picture in its own pixels. */
export function sizeOf(drawable: Drawable): { width: number; height: number } {
  const size = { width: 0, height: 0 };
  if ('videoWidth' in drawable) {
    Object.assign(size, { width: drawable.videoWidth, height: drawable.videoHeight });
  } else if ('naturalWidth' in drawable) {
    Object.assign(size, { width: drawable.naturalWidth, height: drawable.naturalHeight });
  } else if ('displayWidth' in drawable) {
    Object.assign(size, { width: drawable.displayWidth, height: drawable.displayHeight });
  } else if ('width' in drawable) {
    Object.assign(size, { width: drawable.width, height: drawable.height });
  }
  if (size.width >= 1 && size.height >= 1) return size;
  throw new BrowserError('picture', `the picture is ${size.width}x${size.height} pixels.`, {
    fix: 'wait until it is loaded: "load" of an image, "loadeddata" of a video.',
  });
}

function isImageData(source: unknown): source is ImageData {
  // Pictures of other depths than 8 bits go through a canvas.
  return source instanceof ImageData && source.data instanceof Uint8ClampedArray;
}

/** The picture of an address or of a file's bytes. */
async function bitmapOfAsync(source: URL | string | Blob): Promise<ImageBitmap> {
  const blob = source instanceof Blob ? source : await fetchAsync(String(source));
  try {
    return await createImageBitmap(blob);
  } catch (cause) {
    throw new BrowserError('picture', 'this is no picture that the browser can read.', {
      where: source instanceof Blob ? source.type || 'Blob' : String(source),
      cause,
      fix: 'use JPEG, PNG, WebP or AVIF; SVG goes through an <img>.',
    });
  }
}

async function fetchAsync(address: string): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new BrowserError('picture', 'the picture cannot be fetched.', {
      where: address,
      cause,
      fix: "check the address; a picture of another site needs that site's CORS headers, and connect-src of this page.",
    });
  }
  if (response.ok) return response.blob();
  throw new BrowserError('picture', `the picture cannot be fetched: status ${response.status}.`, {
    where: address,
    fix: 'check the address.',
  });
}

/** Waits until an image is decoded and a video has a frame. */
async function readyAsync(source: Drawable | ImageData): Promise<Drawable> {
  if (source instanceof ImageData) return createImageBitmap(source);
  // Also what code without types passes: null, bytes, decoded pixels.
  if (!('width' in Object(source) || 'displayWidth' in Object(source))) {
    throw new BrowserError('picture', `this is no picture: ${String(source)}.`, {
      fix: 'pass an <img>, <video>, <canvas>, ImageBitmap, ImageData, VideoFrame, Blob or address; bytes in a Blob.',
    });
  }
  if ('decode' in source && !source.complete) {
    await source.decode().catch((cause: unknown) => {
      throw new BrowserError('picture', 'the image cannot be loaded.', {
        where: source.currentSrc,
        cause,
        fix: 'check its address.',
      });
    });
  }
  if ('videoWidth' in source && source.readyState < source.HAVE_CURRENT_DATA) {
    await new Promise<void>((resolve, reject) => {
      source.addEventListener('loadeddata', () => resolve(), { once: true });
      source.addEventListener('error', () => reject(noFrame()), { once: true });
      if (source.error) reject(noFrame());
    });
  }
  return source;
}

function noFrame(): BrowserError {
  return new BrowserError('video', 'the video cannot be played.', {
    fix: 'use a format that this browser plays, such as MP4 (H.264) or WebM.',
  });
}

/** RGBA to RGB. */
function rgbOf(
  rgba: ArrayLike<number>,
  { width, height }: { width: number; height: number },
): DecodedImage {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0, j = 0; j < data.length; i += 4) {
    data[j++] = rgba[i]!;
    data[j++] = rgba[i + 1]!;
    data[j++] = rgba[i + 2]!;
  }
  return { width, height, data };
}
