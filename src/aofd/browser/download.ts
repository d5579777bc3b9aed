/** Weights over the network, with progress. */
import { parseSafetensors } from '../../nn/io/index.js';
import type { DetectorWeights } from '../weights/detector-weights.js';
import { BrowserError } from './errors.js';

/** Bytes so far, and of how many where the server says so. */
export type OnBytes = (loaded: number, total: number | undefined) => void;

/**
 * Downloads a weights file, or takes one that is in memory.
 * @throws BrowserError `weights-download` for what cannot be fetched; IoError for what is no weights file
 */
export async function weightsOfAsync(
  source: URL | string | ArrayBuffer | Uint8Array,
  onBytes: OnBytes,
): Promise<DetectorWeights> {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
    onBytes(bytes.byteLength, bytes.byteLength);
    return { ...parseSafetensors(bytes, 'weights'), file: 'weights' };
  }
  const address = String(source);
  const bytes = await downloadAsync(address, onBytes);
  return { ...parseSafetensors(bytes, address), file: address };
}

async function downloadAsync(address: string, onBytes: OnBytes): Promise<Uint8Array> {
  const fix =
    'serve the file there, or pass its address: Detector.createAsync({ weights: "/models/aofd-lite.web.safetensors" }).';
  const refused = (cause: unknown): never => {
    throw new BrowserError('weights-download', 'the weights cannot be fetched.', {
      where: address,
      cause,
      fix: `check the connection, and connect-src of the page's Content-Security-Policy; for another host, its CORS headers. Or ${fix}`,
    });
  };
  const response = await fetch(address).catch(refused);
  // Development servers answer a missing file with their start page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false;
  if (!response.ok || isPage) {
    const got = response.ok ? 'an HTML page' : `status ${response.status}`;
    throw new BrowserError('weights-download', `expected a weights file, got ${got}.`, {
      where: address,
      fix,
    });
  }
  return readBodyAsync(response, onBytes).catch(refused);
}

async function readBodyAsync(response: Response, onBytes: OnBytes): Promise<Uint8Array> {
  // A compressed body is longer than its Content-Length says.
  const isPlain = !response.headers.get('content-encoding');
  const total = (isPlain && Number(response.headers.get('content-length'))) || undefined;
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let loaded = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    loaded += part.value.byteLength;
    onBytes(loaded, total);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
