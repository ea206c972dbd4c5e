/** `npm run authorisation:page`: writes docs/authorisation.md from the rules. Whether it is true, `npm run authorisation` says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageOf } from './page.ts';
import { ROWS } from './rows.ts';
import { expectedOf } from './rules.ts';

const page = pageOf(ROWS.map((row) => expectedOf(row).outcome));
writeFileSync(join(import.meta.dirname, '../../docs/authorisation.md'), page);
