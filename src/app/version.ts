/** The version of this package. */
import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
/** For example `0.1.0`. */
/** As in package.json, for example `0.1.0`. */
export const VERSION: string = version;
