/** Asks whether a tenant can be used: a token for Intune with the role in it, and the address of the service. */
import { ROLE_REMEDY } from './http-faults.ts';
import type { ServiceLocator } from './discovery.ts';
import type { TokenSource } from './kept-tokens.ts';
import type { RetryingCalls } from './retrying-calls.ts';
import type { IntuneAnswer, ScepActionRequest } from './scep-actions.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { field, parseObject } from '../outbound/untrusted-json.ts';

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

/** What a check asks. `refused` asks Intune with `HARMLESS_REQUEST`; `calls` are told how the check ended. */
export type CheckParts = {
  intune: TokenSource;
  service: ServiceLocator;
  refused: (signal: AbortSignal) => Promise<IntuneAnswer>;
  calls: Pick<RetryingCalls, 'health' | 'checked'>;
};

/** Throws IntuneUnreachable with the step that failed or was not over after `totalMs`, and the signal's reason on abort. */
export async function checkWithin(totalMs: number, parts: CheckParts, signal: AbortSignal): Promise<void> {
  const { refused, calls } = parts;
  const either = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
  try {
    await checkRole(parts, either);
    // Otherwise a fault of validateRequest would stay until a device asks.
    if (calls.health().fault?.hop === 'validateRequest') await refused(either);
    calls.checked();
  } catch (error) {
    signal.throwIfAborted();
    const fault = error instanceof IntuneUnreachable ? error : noAnswer(totalMs, error);
    calls.checked(fault);
    throw fault;
  }
}

const noAnswer = (ms: number, cause: unknown): IntuneUnreachable =>
  new IntuneUnreachable({
    hop: 'token',
    what: `no answer within ${ms} ms`,
    remedy: 'Look at the network and the proxy.',
    retryable: true,
    cause,
  });

async function checkRole({ intune, service }: CheckParts, signal: AbortSignal): Promise<void> {
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
