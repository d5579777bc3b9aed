/** Statistics of a pool, in bytes and counts. */
export interface PoolStats {
  liveBytes: number;
  liveCount: number;
  pooledBytes: number;
  pooledCount: number;
  /** The most bytes that were ever live at once. */
  peakBytes: number;
  hits: number;
  misses: number;
}

/**
 * Keeps released GPU objects by exact kind for reuse, oldest first out over a byte cap.
 *
 * Everything runs in one queue, so an object may be handed out again at once: the commands that
 * still read it are ordered before the commands that will write it. Only destruction has to wait
 * until pending commands were submitted, which is why `trim` is called after a submit.
 */
export class Pool<T> {
  readonly #free = new Map<string, T[]>();
  /** Release order of the free objects, for eviction: [kind, object]. */
  readonly #sizes = new Map<T, number>();
  readonly #destroy: (object: T) => void;
  readonly stats: PoolStats = {
    liveBytes: 0,
    liveCount: 0,
    pooledBytes: 0,
    pooledCount: 0,
    peakBytes: 0,
    hits: 0,
    misses: 0,
  };
  capBytes: number;

  constructor(capBytes: number, destroy: (object: T) => void) {
    this.capBytes = capBytes;
    this.#destroy = destroy;
  }

  /** An object of this kind: a released one, or what `create` makes. */
  acquire(kind: string, bytes: number, create: () => T): T {
    const list = this.#free.get(kind);
    const reused = list?.pop();
    this.stats.liveBytes += bytes;
    this.stats.liveCount++;
    this.stats.peakBytes = Math.max(this.stats.peakBytes, this.stats.liveBytes);
    if (reused !== undefined) {
      this.stats.hits++;
      this.stats.pooledBytes -= bytes;
      this.stats.pooledCount--;
      if (list?.length === 0) this.#free.delete(kind);
      return reused;
    }
    this.stats.misses++;
    const object = create();
    this.#sizes.set(object, bytes);
    return object;
  }

  release(kind: string, object: T): void {
    const bytes = this.#sizes.get(object) ?? 0;
    this.stats.liveBytes -= bytes;
    this.stats.liveCount--;
    this.stats.pooledBytes += bytes;
    this.stats.pooledCount++;
    const list = this.#free.get(kind);
    if (list) {
      list.push(object);
      // Re-insertion moves the kind to the end of the map: kinds in use are evicted last.
      this.#free.delete(kind);
      this.#free.set(kind, list);
    } else this.#free.set(kind, [object]);
  }

  /** Destroys the least recently used free objects until the cap holds. Call only after a submit. */
  trim(capBytes = this.capBytes): void {
    for (const [kind, list] of this.#free) {
      while (list.length > 0 && this.stats.pooledBytes > capBytes) {
        const object = list.shift() as T;
        this.stats.pooledBytes -= this.#sizes.get(object) ?? 0;
        this.stats.pooledCount--;
        this.#sizes.delete(object);
        this.#destroy(object);
      }
      if (list.length === 0) this.#free.delete(kind);
      if (this.stats.pooledBytes <= capBytes) return;
    }
  }
}
