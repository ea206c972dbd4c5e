/** Why Entra ID gives no token: each real cause at the simulated tenant, and the sentence that an administrator reads. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { newIntuneClient } from '../../src/app/new-intune-client.ts';
import { createRoot } from '../../src/ca/create.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { ENTRA_CODES } from '../../src/intune/entra-faults.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { rejection } from '../intune/fake-tenant.ts';
import { rsaKey } from '../kit/keys.ts';

const DAY = 86_400_000;
const ISSUER = 'https://kubernetes.example';
const SUBJECT = 'system:serviceaccount:scep:openndes';
const WORKLOAD = { issuer: ISSUER, subject: SUBJECT };

type Cause = {
  /** What is wrong. The result is what differs in the section of the tenant. */
  wrong: (simulator: Simulator, write: (name: string, text: string) => string) => Promise<object> | object;
  says: string;
  remedy: string;
};

/** By the credential of this workload, with what is different in its assertion. */
const federated =
  (prepare: (app: Simulator['app']) => void, claims: object = {}): Cause['wrong'] =>
  ({ app }, write) => {
    prepare(app);
    return { clientSecret: undefined, federated: { file: write('token', app.assertion({ ...WORKLOAD, ...claims })) } };
  };

const CAUSES: Readonly<Record<string, Cause>> = {
  AADSTS7000215: {
    wrong: () => ({ clientSecret: 'another secret' }),
    says: 'invalid_client, AADSTS7000215, the client secret is wrong',
    remedy: 'Give the value of the secret, not its id; make a new one if the value is lost.',
  },
  AADSTS7000222: {
    wrong: ({ app }) => {
      const [startDateTime, endDateTime] = ['2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z'];
      return { clientSecret: app.addSecret({ startDateTime, endDateTime }).value };
    },
    says: 'invalid_client, AADSTS7000222, the client secret has expired',
    remedy: 'Make a new client secret in the app registration and put it into the configuration.',
  },
  AADSTS700016: {
    wrong: () => ({ clientId: '00000000-0000-0000-0000-000000000000' }),
    says: 'unauthorized_client, AADSTS700016, the tenant does not know this app',
    remedy: 'Look at `clientId`; the app must be registered in this tenant or have its consent.',
  },
  AADSTS90002: {
    wrong: () => ({ tenant: 'elsewhere.example' }),
    says: 'invalid_request, AADSTS90002, there is no such tenant in this cloud',
    remedy: 'Look at `tenant` and at `cloud`.',
  },
  AADSTS53003: {
    wrong: ({ app }) => {
      app.setPolicy({ secrets: 'forbidden' });
      return {};
    },
    says: 'access_denied, AADSTS53003, a policy of the tenant blocks the app, or its kind of credential',
    remedy:
      'Allow the app from the address of this server in conditional access for workload identities. Where the tenant forbids client secrets (tenantAppManagementPolicy), use `federated`, `managedIdentity` or `certificate`.',
  },
  AADSTS700027: {
    wrong: async (_simulator, write) => {
      const key = rsaKey('app that is not registered');
      const plan = { subject: 'CN=app', key, validity: 30 * DAY, backdate: DAY };
      const pem = certificatePem(await createRoot({ ...plan, clock: systemClock, random: systemRandom }));
      const file = write('app.pem', pem);
      return {
        clientSecret: undefined,
        certificate: { file, key: `file:${write('app.key.pem', privateKeyPem(key.privateKey))}` },
      };
    },
    says: 'invalid_client, AADSTS700027, the certificate is not registered for the app, or has ended',
    remedy: 'Upload the certificate of `certificate.file` to the app registration, and look at its dates.',
  },
  AADSTS700024: {
    wrong: (simulator, write) => {
      const section = federated((app) => app.addFederated(WORKLOAD))(simulator, write);
      simulator.clock.advance(2 * 3600);
      return section;
    },
    says: 'invalid_client, AADSTS700024, the assertion is not valid at this time',
    remedy: 'Look at the clock of this machine, and at what renews the file of `federated`.',
  },
  AADSTS70025: {
    wrong: federated(() => {}),
    says: 'invalid_client, AADSTS70025, the app has no federated credential',
    remedy: 'Add one to the app registration, with issuer, subject and audience of the assertion.',
  },
  AADSTS700211: {
    wrong: federated((app) => app.addFederated({ ...WORKLOAD, issuer: `${ISSUER}/` })),
    says: 'invalid_client, AADSTS700211, no federated credential of the app has the issuer of the assertion',
    remedy: 'Compare `iss` of the assertion with the issuer of the federated credential: every character counts.',
  },
  AADSTS700212: {
    wrong: federated((app) => app.addFederated({ ...WORKLOAD, audiences: ['api://AzureADTokenExchangeUSGov'] })),
    says: 'invalid_client, AADSTS700212, no federated credential of the app has the audience of the assertion',
    remedy: 'Set the audience of the federated credential as docs/intune.md says.',
  },
  AADSTS700213: {
    wrong: federated((app) => app.addFederated({ ...WORKLOAD, subject: SUBJECT.toUpperCase() })),
    says: 'invalid_client, AADSTS700213, no federated credential of the app has the subject of the assertion',
    remedy: 'Compare `sub` of the assertion with the subject of the federated credential: letter case counts.',
  },
  AADSTS50013: {
    wrong: (simulator, write) => {
      const section = federated((app) => app.addFederated(WORKLOAD))(simulator, write);
      simulator.app.setIssuer({ issuer: ISSUER, jwks: { keys: [] } });
      return section;
    },
    says: 'invalid_client, AADSTS50013, the signature of the assertion is wrong',
    remedy: 'The issuer must publish the key that signs: look at its JWKS after a key change.',
  },
  AADSTS50166: {
    wrong: async (simulator, write) => {
      simulator.app.addFederated(WORKLOAD);
      const other = await startSimulator({ clock: systemClock, random: systemRandom });
      const assertion = other.app.assertion(WORKLOAD);
      await other.close();
      return { clientSecret: undefined, federated: { file: write('token', assertion) } };
    },
    says: 'invalid_client, AADSTS50166, Entra ID cannot read the keys of the issuer of the assertion',
    remedy: 'The issuer must publish its OpenID configuration where Entra ID can reach it.',
  },
};

async function failureOf(t: TestContext, { wrong }: Cause): Promise<{ message: string; remedy?: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-entra-'));
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const common = { ...simulator.tenant, trustCa: simulator.caPem, revocation: 'off' } as const;
  const section = { ...common, ...(await wrong(simulator, write)) };
  const client = newIntuneClient(section, () => {});
  t.after(async () => {
    await client.close();
    await simulator.close();
    rmSync(folder, { recursive: true });
  });
  return rejection(client.check(new AbortController().signal));
}

for (const [code, cause] of Object.entries(CAUSES))
  test(`${code}: ${cause.says.replace(/^.*?, .*?, /, '')}`, async (t) => {
    const { message, remedy } = await failureOf(t, cause);
    assert.equal(
      message.replace(/ \(activity id [0-9a-f-]{36}\)$/, ''),
      `Intune token: Entra ID gave no token: ${cause.says}`,
    );
    assert.equal(remedy, cause.remedy);
  });

test('every number that docs/intune.md explains has its cause here, but those that the simulated tenant cannot answer', () => {
  const without = Object.keys(ENTRA_CODES).filter((code) => !Object.hasOwn(CAUSES, code));
  // A tenant of another form is refused before Entra is asked; the resource follows from `cloud`; an app is not disabled.
  assert.deepEqual(without.toSorted(), ['AADSTS500011', 'AADSTS7000112', 'AADSTS900023']);
});
