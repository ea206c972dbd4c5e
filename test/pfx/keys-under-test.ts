/** Keys of people with everything real: the simulated tenant and its clock, a store, a CA, and the client of Graph. */
import { createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { createIssuingCa, createRoot } from '../../src/ca/create.ts';
import type { Issuer } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import type { NewUserKey } from '../../src/core/user-key-store.ts';
import { certifyHere } from '../../src/enroll/certify-here.ts';
import { intuneClient } from '../../src/intune/client.ts';
import { parseAltNameTemplate } from '../../src/pfx/alt-name-template.ts';
import { readConnectorKey } from '../../src/pfx/connector-key.ts';
import { readRecoveryOfficer } from '../../src/pfx/recovery-officer.ts';
import { parseSubjectTemplate } from '../../src/pfx/subject-template.ts';
import type { UserKeyServices } from '../../src/pfx/user-key-services.ts';
import { EXTENDED_KEY_USAGES } from '../../src/pkix/oids.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { QUICK } from '../intune/fake-tenant.ts';
import { rsaKey } from '../kit/keys.ts';
import { keptLog } from '../kit/log.ts';
import { ecKey } from '../kit/keys.ts';
import { DAY, YEAR } from '../kit/pki.ts';
import { connectorPem, pinned } from './connector-forms.ts';
import { RULES } from './template-samples.ts';

const publicHalf = (name: string) => createPublicKey(rsaKey(name).privateKey);
const officers = ['alice', 'bob'].map((name) =>
  readRecoveryOfficer(name, Buffer.from(connectorPem(publicHalf(name))), name),
);
const connectorKey = publicHalf('connector');

export type Keys = Awaited<ReturnType<typeof keysUnderTest>>;

/** `issuer`: what stands in the place of the local CA. */
export async function keysUnderTest(t: TestContext, different: { issuer?: (local: Issuer) => Issuer } = {}) {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  const clock = () => simulator.clock.now();
  simulator.app.setRoles({
    graph: ['Application.Read.All', 'User.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'],
  });
  const client = intuneClient({
    ...simulator.tenant,
    trustCa: simulator.caPem,
    clock,
    uuid: randomUUID,
    callerInfo: 'test',
    timeouts: QUICK,
  });
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(async () => {
    await client.close();
    await store.close();
    await simulator.close();
  });
  const services = await servicesOf(store, clock, different);
  const forward = (milliseconds: number) => simulator.clock.advanceBy({ advanceSeconds: milliseconds / 1000 });
  return { simulator, store, forward, services: { ...services, imports: client.imports } satisfies UserKeyServices };
}

async function servicesOf(store: Store, clock: () => Date, { issuer }: { issuer?: (local: Issuer) => Issuer }) {
  const [rootKey, key] = [ecKey('root'), ecKey('issuing')];
  const wanted = { clock, random: randomBytes, backdate: DAY, validity: 20 * YEAR };
  const root = { key: rootKey, certificate: await createRoot({ ...wanted, subject: 'CN=Root', key: rootKey }) };
  const certificate = await createIssuingCa({ ...wanted, subject: 'CN=Issuing', key, validity: 19 * YEAR }, root);
  const profile = {
    ...DEFAULT_PROFILE,
    extendedKeyUsage: [EXTENDED_KEY_USAGES.emailProtection],
    validity: YEAR,
    maxValidity: YEAR,
  };
  const local = localAuthority({
    certificate,
    chain: [root.certificate],
    key,
    profile,
    clock,
    random: randomBytes,
  });
  const place = { name: 'pfx', issuer: issuer?.(local) ?? local, chain: [certificate, root.certificate] };
  const deadline = () => new AbortController().signal;
  const { emit } = keptLog();
  const enrollment = { store, clock, emit, deadline, storeDeadline: deadline, owner: 'test' };
  const services: Omit<UserKeyServices, 'imports'> = {
    store,
    tenant: 'contoso',
    plan: {
      key: 'p256',
      subject: parseSubjectTemplate('CN={{UserPrincipalName}}'),
      altNames: [parseAltNameTemplate('email:{{EmailAddress}}')],
      rules: RULES,
      profile: 'compat',
      connector: {
        key: readConnectorKey(Buffer.from(connectorPem(connectorKey)), pinned(connectorKey)),
        scheme: 'oaepSha512',
      },
      escrow: { officers, required: 2 },
    },
    connectorNames: { keyName: 'PFXKey', provider: 'Microsoft Software Key Storage Provider' },
    certify: async (csr, transactionId, signal) => {
      const { der, issuerId, serial } = await certifyHere({ csr, transactionId, signal }, place, enrollment);
      return { certificate: der, chain: place.chain, id: { issuerId, serial } };
    },
    certified: async (transactionId) =>
      (await store.listCertificates({ endpoint: 'pfx' })).filter(
        (each) => each.transactionId === transactionId && each.state !== 'revoked',
      ),
    revoke: async (id, reason, detail) => {
      const at = clock();
      const actor = { kind: 'system' } as const;
      const { issuerId, serial } = id;
      const entry = { at, event: 'revoked', endpoint: 'pfx', transactionId: '', actor, source: 'job', detail } as const;
      await store.revoke(id, reason, { ...entry, issuerId, serial });
    },
    clock,
    random: randomBytes,
  };
  return services;
}

/** A wanted key, due now. */
export const wantedKey = (
  { services: { clock } }: Pick<Keys, 'services'>,
  more: Partial<NewUserKey> = {},
): NewUserKey => ({
  id: randomUUID(),
  tenant: 'contoso',
  userPrincipalName: 'jane@contoso.example',
  purpose: 'smimeEncryption',
  origin: 'made',
  state: 'wanted',
  at: clock(),
  dueAt: clock(),
  ...more,
});
