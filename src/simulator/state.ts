/** Who the simulated tenant is and which keys it has: what must survive a restart, as JSON can hold it. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import { generateKey, privateKeyPem } from '../keys/software.ts';
import { guid, isGuid } from './guid.ts';
import { newAuthority } from './throwaway-ca.ts';

/** Holds secrets: who writes it to a file writes it for its owner alone. */
export type SimulatorState = {
  /** As callers name the tenant: its id or a domain. */
  tenant: string;
  tenantId: string;
  clientId: string;
  clientSecret: string;
  /** The throw-away CA of the TLS certificate, PEM. */
  authority: { key: string; certificate: string };
  /** RSA, PEM. */
  tokenKey: string;
  /** `signing` is EC, PEM; `encryption` is an AES-256 key, base64. */
  challengeKeys: { signing: string; encryption: string };
};

/** Parts that a caller may choose; the others are made up. */
export type Identity = { tenant?: string; clientId?: string; clientSecret?: string };

/** Completes what is chosen with what is known from before, and that with new names and keys. */
export async function completeState(
  chosen: Identity,
  before: SimulatorState | undefined,
  clock: Clock,
  random: RandomBytes,
): Promise<SimulatorState> {
  const tenant = chosen.tenant ?? before?.tenant ?? guid(random);
  return {
    tenant,
    tenantId: tenantId(tenant, before) ?? guid(random),
    clientId: chosen.clientId ?? before?.clientId ?? guid(random),
    clientSecret: chosen.clientSecret ?? before?.clientSecret ?? Buffer.from(random(30)).toString('base64url'),
    authority: before?.authority ?? (await newAuthority(clock(), random)),
    tokenKey: before?.tokenKey ?? privateKeyPem(generateKey('rsa-2048').privateKey),
    challengeKeys: before?.challengeKeys ?? {
      signing: privateKeyPem(generateKey('p256').privateKey),
      encryption: Buffer.from(random(32)).toString('base64'),
    },
  };
}

const tenantId = (tenant: string, before: SimulatorState | undefined): string | undefined =>
  isGuid(tenant) ? tenant.toLowerCase() : before?.tenant === tenant ? before.tenantId : undefined;
