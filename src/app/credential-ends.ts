/** When the credentials of the tenants end: certificates by their files, secrets by Graph or by the configuration. */
import type { Config } from '../config/schema.ts';
import type { TenantConfig } from '../config/tenants.ts';
import { HOUR, isWithin } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { Watched } from '../core/watched.ts';
import type { IntuneClient } from '../intune/client.ts';
import { watchedCertificate } from '../pkix/watched-certificates.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readFileAtOnce } from './files.ts';

/** `watched`: as known now. `refresh` asks Graph, for each secret at most once an hour. */
export type CredentialEnds = { watched: () => Watched[]; refresh: (signal: AbortSignal) => Promise<void> };

/** Graph is asked again after so long. */
const EVERY = HOUR;

/** The ends of these tenants. `clients` by the name of their tenant. */
export function credentialEnds(
  tenants: Config['tenants'],
  clients: ReadonlyMap<string, Pick<IntuneClient, 'secretEnd'>>,
  clock: Clock,
): CredentialEnds {
  const known = new Map<string, Watched>();
  const askedAt = new Map<string, number>();
  const ask = async (name: string, signal: AbortSignal): Promise<void> => {
    const now = clock().getTime();
    if (isWithin(EVERY, askedAt.get(name) ?? -Infinity, now)) return;
    const end = await clients.get(name)?.secretEnd(signal);
    askedAt.set(name, now);
    if (end) known.set(name, { ...end, what: `tenant ${name}: client secret`, leaf: true });
  };
  return {
    watched: () => Object.entries(tenants).flatMap(([name, tenant]) => known.get(name) ?? configuredEnd(name, tenant)),
    async refresh(signal) {
      await Promise.all(Object.keys(tenants).map((name) => ask(name, signal)));
    },
  };
}

/** What the configuration and its files say. Federated assertions and managed identities are renewed by their platform. */
function configuredEnd(name: string, { certificate, clientSecret, expires }: TenantConfig): Watched[] {
  if (certificate) return certificateEnd(name, certificate.file);
  if (clientSecret === undefined || expires === undefined) return [];
  const subject = '`expires` of the configuration';
  return [{ what: `tenant ${name}: client secret`, subject, validity: { notAfter: expires }, leaf: true }];
}

function certificateEnd(name: string, file: string): Watched[] {
  try {
    const what = 'the certificate of the app';
    const [certificate] = certificatesFrom(readFileAtOnce(file, what), file);
    return [{ ...watchedCertificate(`tenant ${name}: certificate`, certificate), leaf: true }];
  } catch (error) {
    // The tenant is unusable then, and the next token says why.
    if (error instanceof ConfigError) return [];
    throw error;
  }
}
