/** The user who runs a command, for the audit. */
import { userInfo } from 'node:os';
import type { Administrator } from '../manage/administrator.ts';

/** The user of the operating system; behind it the one who ran sudo, as sudo reports it. */
export function commandLineUser(): Administrator {
  const sudo = process.env['SUDO_USER'];
  const name = sudo === undefined ? userName() : `${userName()} (sudo: ${sudo})`;
  return { actor: { kind: 'person', name }, source: 'cli' };
}

/** In a container the number of a user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
