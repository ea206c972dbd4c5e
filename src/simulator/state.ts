/** Identity and keys of the simulated tenant: what must survive a restart. It can be stored as JSON. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import { generateKey, privateKeyPem } from '../keys/software.ts';
import { type AppState, newApp } from './entra/app-state.ts';
import { guid, isGuid } from './guid.ts';
import { newAuthority } from './throwaway-ca.ts';

/** Contains secrets: a file with it must be readable by its owner only. */
export type SimulatorState = {
  /** The tenant as callers name it: its id or a domain. */
  tenant: string;
  tenantId: string;
  clientId: string;
  clientSecret: string;
  /** The app registration, with its credentials. */
  app: AppState;
  /** The CA of the TLS certificate, PEM. */
  authority: { key: string; certificate: string };
  /** RSA, PEM. */
  tokenKey: string;
  /** `signing` is EC, PEM; `encryption` is an AES-256 key, base64. */
  challengeKeys: { signing: string; encryption: string };
};

/** The parts of the identity that a caller may choose; the others are random. */
export type TenantIdentity = { tenant?: string; clientId?: string; clientSecret?: string };

/** The chosen identity, completed from the earlier state, and that with new ids and keys. */
export async function completeState(
  chosen: TenantIdentity,
  earlier: SimulatorState | undefined,
  clock: Clock,
  random: RandomBytes,
): Promise<SimulatorState> {
  const tenant = chosen.tenant ?? earlier?.tenant ?? guid(random);
  const clientSecret = chosen.clientSecret ?? earlier?.clientSecret ?? Buffer.from(random(30)).toString('base64url');
  return {
    tenant,
    tenantId: tenantId(tenant, earlier) ?? guid(random),
    clientId: chosen.clientId ?? earlier?.clientId ?? guid(random),
    clientSecret,
    app: appOf(earlier, clientSecret) ?? newApp(clientSecret, clock, random),
    authority: earlier?.authority ?? (await newAuthority(clock(), random)),
    tokenKey: earlier?.tokenKey ?? privateKeyPem(generateKey('rsa-2048').privateKey),
    challengeKeys: earlier?.challengeKeys ?? {
      signing: privateKeyPem(generateKey('p256').privateKey),
      encryption: Buffer.from(random(32)).toString('base64'),
    },
  };
}

/** A copy of the earlier registration, if it is for this secret; a state of before has none. */
const appOf = (earlier: Partial<SimulatorState> | undefined, clientSecret: string): AppState | undefined =>
  earlier?.app && earlier.clientSecret === clientSecret ? structuredClone(earlier.app) : undefined;

const tenantId = (tenant: string, earlier: SimulatorState | undefined): string | undefined =>
  isGuid(tenant) ? tenant.toLowerCase() : earlier?.tenant === tenant ? earlier.tenantId : undefined;
