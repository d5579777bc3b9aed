/** Calls `work`, which calls native code that may print. */
type DriverWrapper = <T>(work: () => T) => T;

let wrapper: DriverWrapper = (work) => work();

/**
 * Sets what is done around calls that look for adapters, where drivers print warnings from C++. For
 * programs that own their process: the library itself changes nothing in the process that it is in.
 */
export function wrapDriverCalls(given: DriverWrapper): void {
  wrapper = given;
}

/** Calls `work` as `wrapDriverCalls` wants it; just calls it where nobody called that. */
export function aroundDriver<T>(work: () => T): T {
  return wrapper(work);
}
