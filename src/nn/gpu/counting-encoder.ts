type Note = (label: string, bytes: number) => void;

/**
 * An encoder for copies that tells what each copies before recording it. Bytes are those read plus
 * those written, as for kernels.
 */
export function countingEncoder(encoder: GPUCommandEncoder, note: Note): GPUCommandEncoder {
  const counted = {
    copyBufferToBuffer(...args: [GPUBuffer, number, GPUBuffer, number, number]): void {
      note('copy buffer', 2 * args[4]);
      encoder.copyBufferToBuffer(...args);
    },
    copyBufferToTexture(
      source: GPUTexelCopyBufferInfo,
      target: GPUTexelCopyTextureInfo,
      size: number[],
    ): void {
      note('copy to texture', 2 * 16 * size.reduce((a, b) => a * b, 1));
      encoder.copyBufferToTexture(source, target, size);
    },
    clearBuffer(buffer: GPUBuffer, offset = 0, size = buffer.size - offset): void {
      note('clear buffer', size);
      encoder.clearBuffer(buffer, offset, size);
    },
  };
  return counted as unknown as GPUCommandEncoder;
}
