// Starts worker.ts when the sources run uncompiled: a thread does not inherit tsx.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
