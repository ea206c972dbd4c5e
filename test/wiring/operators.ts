/** Programs and people of the administrator's listener, as the configuration and HTTP see them. */
import { createHash, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { ecKey } from '../kit/keys.ts';
import { USERS } from './administrator.ts';
import { clock, random } from './files.ts';

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

/** A certificate that a person has on a machine of his own, signed by itself, PEM. */
export async function personalCertificate(name: string, subject: string): Promise<{ cert: string; key: string }> {
  const key = ecKey(name);
  const der = await selfSigned(key, nameFromText(subject), clock, random);
  return { cert: new X509Certificate(der).toString(), key: privateKeyPem(key.privateKey) };
}

/** As `login`, over TLS, without a code, with this certificate of the client. Any server is trusted. */
export function loginBy(adminUrl: string, name: string, own: { cert?: string; key?: string }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { 'content-type': 'application/json' };
  const options = { method: 'POST', headers, rejectUnauthorized: false, agent: false as const, ...own };
  request(`${adminUrl}/api/session`, options, (response) => {
    resolve(response.statusCode ?? 0);
    response.resume();
  })
    .on('error', reject)
    .end(JSON.stringify({ user: name, password: 'correct horse' }));
  return promise;
}
