/**
 * Other forms of what buffers hold (textures, reordered copies) that kernels asked for. A form is made
 * when it is first asked for, and freed when its buffer is written or released: every path by which
 * the host or a kernel writes a buffer ends in `drop`.
 */
export class DerivedForms {
  readonly #byBuffer = new Map<GPUBuffer, Map<string, GPUTexture | GPUBuffer>>();
  readonly #release: (form: GPUTexture | GPUBuffer) => void;

  constructor(release: (form: GPUTexture | GPUBuffer) => void) {
    this.#release = release;
  }

  /** The form of this name, made by `make` when it does not exist yet. */
  get<T extends GPUTexture | GPUBuffer>(buffer: GPUBuffer, name: string, make: () => T): T {
    const known = this.#byBuffer.get(buffer)?.get(name);
    if (known) return known as T;
    const made = make();
    const forms = this.#byBuffer.get(buffer);
    if (forms) forms.set(name, made);
    else this.#byBuffer.set(buffer, new Map([[name, made]]));
    return made;
  }

  has(buffer: GPUBuffer, name: string): boolean {
    return this.#byBuffer.get(buffer)?.has(name) ?? false;
  }

  /** Frees every form of this buffer. */
  drop(buffer: GPUBuffer): void {
    const forms = this.#byBuffer.get(buffer);
    if (!forms) return;
    this.#byBuffer.delete(buffer);
    for (const form of forms.values()) this.#release(form);
  }

  /** Frees every form of every buffer. */
  dropAll(): void {
    for (const buffer of [...this.#byBuffer.keys()]) this.drop(buffer);
  }
}
