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

/** Stands for a kind that is never asked for. */
const retiredKind = 'retired';

/**
 * Keeps released GPU objects by exact kind for reuse, oldest first out over a byte cap (`trimTogether`
 * holds several pools below one).
 *
 * Of the free objects of a kind the one made first is handed out. So work that repeats, and starts
 * with the same objects free, gets the same objects in the same places every time, whatever order
 * they were released in; bind groups, which are kept by what they bind, are then found again.
 *
 * Everything runs in one queue, so an object may be handed out again at once: the commands that
 * still read it are ordered before the commands that will write it. Only destruction has to wait
 * until pending commands were submitted, which is why `trim` is called after a submit.
 */
export class Pool<T> {
  /**
   * Free objects by kind, those made last first; the kind that was released longest ago comes first.
   */
  readonly #free = new Map<string, { objects: T[]; releasedAt: number }>();
  readonly #sizes = new Map<T, number>();
  readonly #retired = new Set<T>();
  /** When each object was made. */
  readonly #serials = new Map<T, number>();
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
  #made = 0;

  constructor(capBytes: number, destroy: (object: T) => void) {
    this.capBytes = capBytes;
    this.#destroy = destroy;
  }

  /** An object of this kind: a released one, or what `create` makes. */
  acquire(kind: string, bytes: number, create: () => T): T {
    const list = this.#free.get(kind)?.objects;
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
    this.#serials.set(object, this.#made++);
    return object;
  }

  release(asked: string, object: T): void {
    const kind = this.#retired.delete(object) ? retiredKind : asked;
    const bytes = this.#sizes.get(object) ?? 0;
    this.stats.liveBytes -= bytes;
    this.stats.liveCount--;
    this.stats.pooledBytes += bytes;
    this.stats.pooledCount++;
    const objects = this.#free.get(kind)?.objects ?? [];
    objects.splice(this.#placeOf(object, objects), 0, object);
    // Re-insertion moves the kind to the end of the map: kinds in use are evicted last.
    this.#free.delete(kind);
    this.#free.set(kind, { objects, releasedAt: clock++ });
  }

  /** Where an object belongs among the free ones of its kind. */
  #placeOf(object: T, objects: readonly T[]): number {
    const serial = this.#serials.get(object) ?? 0;
    let [from, to] = [0, objects.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#serials.get(objects[middle] as T) ?? 0) > serial) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /**
   * What is live now will not be handed out again, only destroyed: after a failure to allocate, some
   * of it is invalid.
   */
  retireLive(): void {
    const free = new Set([...this.#free.values()].flatMap(({ objects }) => objects));
    for (const object of this.#sizes.keys()) if (!free.has(object)) this.#retired.add(object);
  }

  /** Destroys the least recently used free objects until the cap holds. Call only after a submit. */
  trim(capBytes = this.capBytes): void {
    trimTogether([this], capBytes);
  }

  /** When the kind that is evicted next was released; Infinity where nothing is free. */
  get oldest(): number {
    for (const { releasedAt } of this.#free.values()) return releasedAt;
    return Infinity;
  }

  /** Destroys one free object of the kind that was released longest ago. */
  evictOldest(): void {
    for (const [kind, { objects }] of this.#free) {
      const object = objects.shift() as T;
      if (objects.length === 0) this.#free.delete(kind);
      this.stats.pooledBytes -= this.#sizes.get(object) ?? 0;
      this.stats.pooledCount--;
      this.#sizes.delete(object);
      this.#serials.delete(object);
      this.#destroy(object);
      return;
    }
  }
}

/** Counts releases over all pools, so that ages compare. */
let clock = 0;

/** One cap for several pools: destroys what was released longest ago in any. Only after a submit. */
export function trimTogether(pools: readonly Trimmable[], capBytes: number): void {
  let total = pools.reduce((sum, pool) => sum + pool.stats.pooledBytes, 0);
  while (total > capBytes) {
    const pool = pools.reduce((a, b) => (b.oldest < a.oldest ? b : a));
    if (pool.oldest === Infinity) return;
    const before = pool.stats.pooledBytes;
    pool.evictOldest();
    total -= before - pool.stats.pooledBytes;
  }
}

type Trimmable = Pick<Pool<unknown>, 'stats' | 'oldest' | 'evictOldest'>;
