/** What a handler of the pages answers with. */
import type { Framed } from './layout.ts';

/** A page in its frame, with its status. */
export type Shown = Omit<Framed, 'session'> & { status: number };

/** Where a browser goes instead. */
export type Gone = { to: string };
