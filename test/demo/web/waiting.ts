/** Waiting for pages that compute on a software adapter. */
import type { Page } from 'playwright-core';

/** They need seconds for a look. */
export const PATIENCE = { timeout: 120_000 };

/** Waits for a condition in a page; as a function, since its policy forbids evaluating text. */
export async function metAsync(page: Page, condition: string): Promise<void> {
  const isMet = new Function(`return (${condition})`) as () => boolean;
  await page.waitForFunction(isMet, null, PATIENCE);
}
