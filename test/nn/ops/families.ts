import { readdirSync } from 'node:fs';
import type { OpCase } from './case.js';

/** The cases of one file of cases/. */
export interface Family {
  family: string;
  cases: OpCase[];
}

/** The kernel table, or the part of it whose "family/name" contains `filter`. */
export async function loadFamiliesAsync(filter = ''): Promise<Family[]> {
  const folder = new URL('cases/', import.meta.url);
  const families: Family[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!/\.[jt]s$/.test(file)) continue; // compiled in the bundle for other machines
    const family = file.replace(/\.[jt]s$/, '');
    const loaded = (await import(new URL(file, folder).href)) as { cases: OpCase[] };
    const cases = loaded.cases.filter((c) => `${family}/${c.name}`.includes(filter));
    if (cases.length > 0) families.push({ family, cases });
  }
  return families;
}
