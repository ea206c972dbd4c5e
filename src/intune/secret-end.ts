/** When the client secret of the app ends, as Graph says: an app may read its own registration with `Application.Read.All`. */
import type { Validity } from '../core/ending.ts';
import type { IntuneCloud } from './clouds.ts';
import { askGraph, type GraphServices } from './graph-call.ts';
import { httpFault } from './http-faults.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { asObject, field, parseObject, textField } from '../outbound/untrusted-json.ts';

/** The secret as the portal shows it, and how long it is valid. */
export type SecretEnd = { subject: string; validity: Validity };

/** Which secret of which app. */
export type SecretOfApp = { clientId: string; clientSecret: string };

/** Undefined when Graph does not tell it, or does not list this secret. Throws the signal's reason on abort. */
export async function secretEnd(
  app: SecretOfApp,
  graph: GraphServices & { cloud: Pick<IntuneCloud, 'graph'> },
  signal: AbortSignal,
): Promise<SecretEnd | undefined> {
  const url = `${graph.cloud.graph}/v1.0/applications(appId='${app.clientId}')?$select=passwordCredentials`;
  try {
    return await askGraph({ hop: 'discovery', url }, graph, signal, (fault) => {
      if (fault.reply.status !== 200) throw httpFault(fault);
      return lastOf(secretsIn(fault.reply.text, app.clientSecret));
    });
  } catch (error) {
    // The end of a secret is not needed to serve: why Graph does not answer is reported by discovery.
    if (error instanceof IntuneUnreachable) return undefined;
    throw error;
  }
}

/** Those that begin as this one does: Graph tells the first three characters and never the rest. */
function secretsIn(text: string, secret: string): SecretEnd[] {
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
const lastOf = (ends: readonly SecretEnd[]): SecretEnd | undefined =>
  ends.toSorted((one, other) => other.validity.notAfter.getTime() - one.validity.notAfter.getTime())[0];
