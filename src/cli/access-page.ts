/** The matrix of permissions at the end of docs/access.md, from the table of actions. What is before it is written by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyAction } from '../actions/action.ts';
import { ACTIONS } from '../actions/all-actions.ts';
import { PERMISSIONS, ROLES } from '../core/access.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'access.md');
const HEADING = '## Every action, and who may run it';

const row = (action: AnyAction): string => {
  const { name, permission } = action;
  const cells = ROLES.map((role) => (PERMISSIONS[role].includes(permission) ? 'yes' : 'no'));
  return `| \`${name}\` | \`${permission}\` | ${cells.join(' | ')} | ${action.needsTwo ? 'can need them' : ''} |`;
};

/** The page. */
export function accessMarkdown(): string {
  const [written = ''] = readFileSync(PAGE, 'utf8').split(`${HEADING}\n`);
  return `${written.trimEnd()}

${HEADING}

Pages, API and actions are asked in this table by a test, with each role. *Two persons*: with \`admin.twoPersons\`. Commands ask for no role: who
may read the store and the keys may do everything, and the history names the user of the operating system.

| action | permission | ${ROLES.join(' | ')} | two persons |
|---|---|${ROLES.map(() => '---|').join('')}---|
${ACTIONS.map(row).join('\n')}
`;
}
