import { internalError } from '../errors.js';

/** What a scope frees: tensors. */
export interface Owned {
  dispose(): void;
}

/**
 * Frees, when it ends, every tensor that was made while it was the innermost scope, except those
 * that were kept: they move to the scope around it, or to the caller when there is none.
 *
 * ```ts
 * using scope = device.scope();
 * return scope.keep(relu(conv2d(x, w, b)));
 * ```
 */
export class Scope {
  readonly #tensors = new Set<Owned>();
  readonly #parent: Scope | null;
  readonly #leave: (scope: Scope) => void;
  #ended = false;

  constructor(parent: Scope | null, leave: (scope: Scope) => void) {
    this.#parent = parent;
    this.#leave = leave;
  }

  get parent(): Scope | null {
    return this.#parent;
  }

  add(tensor: Owned): void {
    this.#tensors.add(tensor);
  }

  remove(tensor: Owned): void {
    this.#tensors.delete(tensor);
  }

  /** Lets a tensor outlive this scope; it then belongs to the parent scope or to the caller. */
  keep<T extends Owned>(tensor: T): T {
    if (this.#tensors.delete(tensor)) this.#parent?.add(tensor);
    return tensor;
  }

  /** Takes a tensor out of every scope: its holder frees it. */
  release<T extends Owned>(tensor: T): T {
    for (let scope: Scope | null = this; scope; scope = scope.parent) scope.remove(tensor);
    return tensor;
  }

  dispose(): void {
    if (this.#ended) throw internalError('a scope ended twice');
    this.#leave(this);
    this.#ended = true;
    for (const tensor of [...this.#tensors]) tensor.dispose();
    this.#tensors.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
