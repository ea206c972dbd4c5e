/** Work on keys of people by a command: the tenant, the authority of an endpoint and the store that a configuration names. */
import { randomUUID } from 'node:crypto';
import type { PeopleConfig } from '../config/people-section.ts';
import { MINUTE } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Store } from '../core/store.ts';
import { answerDeadline, systemClock, systemRandom } from '../embed/system.ts';
import { certifyHere, type HomePlace } from '../enroll/certify-here.ts';
import type { EnrollmentServices } from '../enroll/endpoint.ts';
import { runOnce } from '../jobs/leased-job.ts';
import type { Management } from '../manage/administrator.ts';
import { revokeCertificate } from '../manage/certificates.ts';
import { USER_KEY_TIMES, type UserKeyTimes } from '../pfx/follow-user-keys.ts';
import type { UserKeyServices } from '../pfx/user-key-services.ts';
import type { TurnServices } from '../pfx/user-key-turn.ts';
import { readSections } from './configuration-file.ts';
import { newIntuneClient } from './new-intune-client.ts';
import type { LoadedEndpoint } from './loaded-endpoints.ts';
import { loadSettings, type Settings } from './settings.ts';

/** `endpoint`: by its name; its authority and profile issue, and the certificates are recorded under it. */
export type PfxPlace = { file: string; tenant: string; endpoint: string };

/** When keys are renewed and taken away; as the program has it where nothing is configured. */
export const keyTimes = (people: PeopleConfig | undefined): UserKeyTimes =>
  people
    ? {
        ...USER_KEY_TIMES,
        renewAt: people.renewAt / 100,
        alarmAt: people.alarmAt / 100,
        signingOverlap: people.overlap,
      }
    : USER_KEY_TIMES;

/** What `pfx.people` says; undefined without it. Nothing else of the file is looked at. Throws ConfigError. */
export const readPeople = (file: string): PeopleConfig | undefined => readSections(file, ['pfx']).pfx?.people;

/**
 * Runs the work while no other process works on the keys of this tenant. Returns false, without it, when one does. Throws ConfigError when the
 * configuration has no such tenant or endpoint, or no section `pfx` with a connector.
 */
export async function withUserKeys(
  { file, tenant, endpoint }: PfxPlace,
  management: Management<Store>,
  work: (services: TurnServices, signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const { settings } = await loadSettings(file);
  try {
    const known = settings.config.tenants[tenant];
    if (!known) throw noSuch('tenant', tenant, Object.keys(settings.config.tenants));
    const loaded = endpointIn(settings, endpoint);
    const plan = planIn(settings);
    const client = newIntuneClient(known, () => {});
    try {
      const parts = { ...userKeyParts(loaded, management, () => {}), ...plan, imports: client.imports, tenant };
      const job = { name: userKeyJobName(tenant), every: MINUTE, run: (signal: AbortSignal) => work(parts, signal) };
      return await runOnce(job, { store: management.store, owner: randomUUID(), clock: systemClock });
    } finally {
      await client.close();
    }
  } finally {
    await settings.close();
  }
}

/** The lease that the server and the commands share: one of them works on the keys of a tenant at a time. */
export const userKeyJobName = (tenant: string): string => `pfx ${tenant}`;

/** The endpoint with this name. Throws ConfigError. */
export function endpointIn({ endpoints }: Settings, name: string): LoadedEndpoint {
  const loaded = endpoints.find(({ config }) => config.name === name);
  if (loaded) return loaded;
  const known = endpoints.map(({ config }) => config.name);
  throw noSuch('endpoint', name, known);
}

const noSuch = (what: string, name: string, known: readonly string[]): ConfigError =>
  new ConfigError(`there is no ${what} ${name}`, `Name one of: ${known.join(', ')}.`);

/** Undefined without a connector. */
export const importPlan = ({ pfx }: Settings): Pick<UserKeyServices, 'plan' | 'connectorNames'> | undefined =>
  pfx?.connectorNames && pfx.connector ? { plan: pfx, connectorNames: pfx.connectorNames } : undefined;

function planIn(settings: Settings): Pick<UserKeyServices, 'plan' | 'connectorNames'> {
  const plan = importPlan(settings);
  if (plan) return plan;
  throw new ConfigError(
    'the configuration has no section `pfx` with a `connector`',
    'docs/pfx.md says what goes there.',
  );
}

/** What one authority and the store give. */
type Parts = { store: Store } & Pick<UserKeyServices, 'certify' | 'certified' | 'revoke' | 'clock' | 'random'>;

/** `emit` gets what becomes of the orders at a CA elsewhere. */
export function userKeyParts(
  { config, authority, issuer }: LoadedEndpoint,
  management: Management<Store>,
  emit: Emit,
): Parts {
  const { store, clock } = management;
  const { name } = config;
  const place: HomePlace = { name, issuer, chain: authority.chain };
  const services: EnrollmentServices = {
    store,
    clock,
    emit,
    deadline: answerDeadline,
    storeDeadline: answerDeadline,
    owner: randomUUID(),
  };
  return {
    store,
    certify: async (csr, transactionId, signal) => {
      const { der, issuerId, serial } = await certifyHere({ csr, transactionId, signal }, place, services);
      return { certificate: der, chain: authority.chain, id: { issuerId, serial } };
    },
    certified: async (transactionId) =>
      (await store.listCertificates({ endpoint: name, ends: { from: clock() } })).filter(
        (each) => each.transactionId === transactionId && each.state !== 'revoked',
      ),
    revoke: async (id, reason, why) => {
      const certificate = await store.findCertificate(id);
      if (certificate) await revokeCertificate(management, certificate, reason, why);
    },
    clock,
    random: systemRandom,
  };
}
