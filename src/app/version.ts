/** The version of this package, read from the one place that has it. */
import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
/** For example `0.1.0`. */
export const VERSION = version;
