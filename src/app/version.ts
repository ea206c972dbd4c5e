/** The version of this package. */
import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
/** As in package.json, for example `0.1.0`. */
export const VERSION: string = version;
