import { expect } from 'chai';

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** The error, of the given class, that `promise` is rejected with. */
export async function rejectionAsync<E extends Error>(
  promise: Promise<unknown>,
  type: ErrorClass<E>,
): Promise<E> {
  const error: unknown = await promise.then(
    () => expect.fail(`${type.name} expected, but nothing was wrong`),
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(type);
  return error as E;
}

/** The error, of the given class, that `run` throws. */
export function thrownBy<E extends Error>(run: () => unknown, type: ErrorClass<E>): E {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error, 'what was thrown').to.be.instanceOf(type);
  return error as E;
}
