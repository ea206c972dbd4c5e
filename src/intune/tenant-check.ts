/** Asks whether a tenant can be used: a token for Intune with the role in it, and the address of the service. */
import { ROLE_REMEDY } from './http-faults.ts';
import type { ServiceLocator } from './discovery.ts';
import type { ScepActionRequest } from './scep-actions.ts';
import type { TokenSource } from './kept-tokens.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { field, parseObject } from './untrusted-json.ts';

/** The application permission without which Intune answers no call. */
export const ROLE = 'scep_challenge_provider';

/**
 * For validateRequest: without a challenge, so that Intune refuses it, and any answer shows that Intune answers. Its key was
 * not kept.
 */
export const HARMLESS_REQUEST: ScepActionRequest = {
  transactionId: 'openndes-check',
  csr: Buffer.from(
    'MIHUMHsCAQAwGTEXMBUGA1UEAwwOb3Blbm5kZXMgY2hlY2swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARNgueImr1x0qpDCsYQSbfU1ip39jZmnKx8AJAXAObnPepcc+vU+KQXleaeJlcg8OhhXAGNMoKpmSEImukM7QNuoAAwCgYIKoZIzj0EAwIDSQAwRgIhANl2l92Fgol8IuhMgIuj37O/aGoQN/ZDtd0sIbcYz1/fAiEAyK0COYog4bLpgD3Ig7dEHPIygXrorB2VLRCALStlQSA=',
    'base64',
  ),
};

/** Throws IntuneUnreachable with the step that failed, and the signal's reason when that aborts. */
export async function checkTenant(
  { intune, service }: { intune: TokenSource; service: ServiceLocator },
  signal: AbortSignal,
): Promise<void> {
  await service.locate(signal);
  const token = await intune.get(signal);
  const roles = rolesIn(token);
  if (!roles || roles.includes(ROLE)) return;
  // The next one may have a role that was granted meanwhile.
  intune.forget(token);
  throw new IntuneUnreachable({
    hop: 'token',
    what: `the token of Entra ID has no role ${ROLE}`,
    remedy: ROLE_REMEDY,
    retryable: false,
  });
}

/** The roles of a token; undefined when it is not a JWT (RFC 7519 7.2): tokens are opaque to clients. */
export function rolesIn(token: string): readonly unknown[] | undefined {
  const claims = parseObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const roles = claims && (field(claims, 'roles') ?? []);
  return Array.isArray(roles) ? roles : undefined;
}
