/**
 * Imported for its effect, before any schema is made: zod then does not try `new Function`, which a page's
 * Content-Security-Policy reports as a violation. The bundle has a zod of its own, so nobody else's changes.
 */
import * as z from 'zod';

z.config({ jitless: true });
