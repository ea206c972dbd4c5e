/** What a running server knows of keys of people beside the store. */
import type { Belonging } from '../core/access.ts';

/** `isConfigured`: whether there is a section `pfx`. `places`: where keys belong, one place for each tenant. */
export type UserKeySource = {
  isConfigured: boolean;
  places: readonly (Belonging & { tenant: string })[];
};
