/** When the client secret ends, as Graph has it: an app may read its own registration with `Application.Read.All`. */
import type { Validity } from '../core/ending.ts';
import type { DiscoveryOptions } from './discovery.ts';
import { withToken } from './kept-tokens.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { asObject, field, parseObject, textField } from './untrusted-json.ts';

/** The secret as the portal shows it, and how long it is valid. */
export type CredentialEnd = { subject: string; validity: Validity };

/** Which secret of which app. */
export type SecretOfApp = { clientId: string; clientSecret: string };

/** Undefined when Graph does not tell it, or does not list this secret. Throws the signal's reason on abort. */
export async function secretEnd(
  app: SecretOfApp,
  graph: Pick<DiscoveryOptions, 'cloud' | 'tokens' | 'exchange' | 'uuid'>,
  signal: AbortSignal,
): Promise<CredentialEnd | undefined> {
  const url = `${graph.cloud.graph}/v1.0/applications(appId='${app.clientId}')?$select=passwordCredentials`;
  try {
    return await withToken(graph.tokens, signal, async (token) => {
      const clientRequestId = graph.uuid();
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'client-request-id': clientRequestId,
      };
      const call = { hop: 'discovery', method: 'GET', url, headers, limit: 1_048_576, clientRequestId } as const;
      const { status, text } = await graph.exchange(call, signal);
      return status === 200 ? lastOf(secretsIn(text, app.clientSecret)) : undefined;
    });
  } catch (error) {
    // What ends is a help beside the service: why Graph does not answer is reported by discovery.
    if (error instanceof IntuneUnreachable) return undefined;
    throw error;
  }
}

/** Those that begin as this one does: Graph tells the first three characters and never the rest. */
function secretsIn(text: string, secret: string): CredentialEnd[] {
  const rows = field(parseObject(text), 'passwordCredentials');
  return (Array.isArray(rows) ? rows : []).map(asObject).flatMap((row) => {
    const validity = {
      notBefore: new Date(textField(row, 'startDateTime') ?? ''),
      notAfter: new Date(textField(row, 'endDateTime') ?? ''),
    };
    const known = [validity.notBefore, validity.notAfter].every((date) => !Number.isNaN(date.getTime()));
    if (!known || textField(row, 'hint') !== secret.slice(0, 3)) return [];
    return [{ subject: textField(row, 'displayName') ?? textField(row, 'keyId') ?? 'without a name', validity }];
  });
}

/** Entra takes the secret until then, and secrets with the same beginning are rare. */
const lastOf = (ends: readonly CredentialEnd[]): CredentialEnd | undefined =>
  ends.toSorted((one, other) => other.validity.notAfter.getTime() - one.validity.notAfter.getTime())[0];
