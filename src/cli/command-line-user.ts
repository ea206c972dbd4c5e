/** The user who runs a command, for the audit. */
import { userInfo } from 'node:os';
import type { Administrator } from '../manage/administrator.ts';

/** The user of the operating system with its number; behind it the one who ran sudo, as sudo reports it. */
export function commandLineUser(): Administrator {
  const { SUDO_USER: sudo } = process.env;
  const uid = process.getuid?.();
  const more = [...(uid === undefined ? [] : [`uid ${uid}`]), ...(sudo === undefined ? [] : [`sudo: ${sudo}`])].join(
    ', ',
  );
  const name = userName();
  return { actor: { kind: 'person', name: more === '' ? name : `${name} (${more})` }, source: 'cli' };
}

/** In a container the number of a user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'a user without a name';
  }
}
