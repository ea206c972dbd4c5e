/** Programs and people of the administrator's listener, as the configuration and HTTP see them. */
import { createHash } from 'node:crypto';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { USERS } from './administrator.ts';

/** A token of this name. */
export const tokenOf = (name: string): string => `openndes_${name}-${'0'.repeat(30)}`;

/** As `openndes token new` prints it. */
export const hashOfToken = (name: string): string =>
  `sha256:${createHash('sha256').update(tokenOf(name)).digest('hex')}`;

export const TOTP = 'otpauth://totp/openndes:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=openndes';

/** A user with this role, whose password is that of `ndes`. */
export const user = (role: string, limits: object = {}) => ({ password: USERS.ndes, totp: TOTP, role, ...limits });

export type Answer = { status: number; cookie: string; body: unknown };

/** POST /api/session as this user. `code`: the one of now when absent. */
export async function login(
  adminUrl: string,
  name: string,
  code = parseSecondFactor(TOTP)!.generate(),
  password = 'correct horse',
): Promise<Answer> {
  const response = await fetch(`${adminUrl}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: name, password, code }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  return { status: response.status, cookie, body: await response.text() };
}

/** GET /api/session: the status, and the grants if there are any. */
export async function whoIs(adminUrl: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${adminUrl}/api/session`, { headers });
  const { grants } = (await response.json()) as { grants?: unknown };
  return grants ?? response.status;
}
