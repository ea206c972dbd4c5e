/** The client certificate by which a CA product knows a started server: its end is watched, a new one serves at once; and what is told of revocations. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fakeEjbca } from '../backends/fakes/fake-ejbca.ts';
import { fakePlatform8, PROFILE_OID } from '../backends/fakes/fake-platform8.ts';
import { type Got, serveCa, testCa } from '../backends/https-ca.ts';
import { run } from '../app/installation.ts';
import { until, untilIs } from '../kit/until.ts';
import { certified, enrolled } from './device.ts';
import { certificateFile, clock, file, issuing, issuingSection, root } from './files.ts';
import { configured, PLAIN, type Running, started } from './server.ts';

const signer = { ca: issuing, now: clock() };
const tls = await testCa('CN=TLS of the CA products with credentials');
const server = await tls.issue('CN=localhost', ['dns:localhost']);
const MONTHS = 24 * 300;

let count = 0;
/** The files of a client certificate; `renew` writes the next one over them. */
async function credentials(name: string, after: number) {
  const { certificate, key } = await tls.issue(`CN=${name}`, [], { before: MONTHS, after });
  const folder = `credentials-${++count}`;
  const files = {
    clientCertificate: file(`${folder}/client.pem`, certificate),
    clientKey: file(`${folder}/client.key.pem`, key),
  };
  async function renew(by: string): Promise<void> {
    const next = await tls.issue(`CN=${by}`, [], { after: MONTHS });
    writeFileSync(files.clientKey, next.key);
    writeFileSync(files.clientCertificate, next.certificate);
  }
  return { files, renew };
}

/** A configuration whose authority is this product, known by these files. */
const configOf = (issuer: object): string =>
  configured({
    admin: { port: 0 },
    authorities: {
      issuing: {
        certificate: issuingSection.certificate,
        chain: certificateFile('credentials/above.pem', root),
        ra: issuingSection.ra,
        issuer,
      },
    },
    profiles: { fixed: { validity: '90d', maxValidity: '90d' } },
    endpoints: [{ ...PLAIN, profile: 'fixed' }],
  });

type Product = {
  got: Got[];
  /** Its section of the configuration, without the client certificate. */
  issuer: (files: object) => object;
  isOrder: (got: Got) => boolean;
  isRevoked: (serial: string) => boolean;
};

async function ejbca(t: TestContext): Promise<Product> {
  const fake = fakeEjbca(signer);
  const { url, got } = await serveCa(t, server, fake.answer, tls.ca);
  const section = {
    url: `${url}/ejbca/ejbca-rest-api/v1`,
    trustOnly: file('credentials/tls.pem', tls.ca),
    certificateAuthority: 'Devices',
    certificateProfile: 'Device',
    endEntityProfile: 'Intune',
  };
  return {
    got,
    issuer: (files) => ({ ejbca: { ...section, ...files } }),
    isOrder: ({ path }) => path.endsWith('/pkcs10enroll'),
    isRevoked: (serial) => fake.revoked.has(serial),
  };
}

async function platform8(t: TestContext): Promise<Product & { fake: ReturnType<typeof fakePlatform8> }> {
  const fake = fakePlatform8(signer);
  fake.attributes = [{ attribute: 'common_name', name: 'common_name', mandatory: true }];
  const { url, got } = await serveCa(t, server, fake.answer, tls.ca);
  const section = { url, trustOnly: file('credentials/tls.pem', tls.ca), profileOid: PROFILE_OID };
  return {
    fake,
    got,
    issuer: (files) => ({ digicertPlatform8: { ...section, ...files } }),
    isOrder: ({ path }) => path === '/pki-ws/enrollmentService',
    isRevoked: (serial) => fake.standing.get(serial) === 'Revoke',
  };
}

const PRODUCTS: readonly [string, (t: TestContext) => Promise<Product>][] = [
  ['EJBCA', ejbca],
  ['DigiCert PKI Platform 8', platform8],
];

/** What is wrong, after the first look. */
async function conditionsOf({ desk }: Running): Promise<{ kind: string; what: string }[]> {
  const { store } = desk();
  await until(async () => (await store.listConditions()).checkedAt !== undefined, 'a look', { every: 20 });
  return (await store.listConditions()).open.map(({ kind, what }) => ({ kind, what }));
}

const OF_CLIENT = /^authority issuing: client certificate for the CA product .* ends in/;

for (const [name, make] of PRODUCTS) {
  test(`the end of the client certificate for ${name} within 60 days is a condition, and that of one for 300 days is none`, async (t) => {
    const { issuer } = await make(t);
    for (const [hours, isWrong] of [
      [59 * 24, true],
      [MONTHS, false],
    ] as const) {
      const running = await started(configOf(issuer((await credentials('watched', hours)).files)));
      const about = (await conditionsOf(running)).filter(({ what }) => OF_CLIENT.test(what));
      assert.deepEqual(
        about.map(({ kind }) => kind),
        isWrong ? ['certificate-ends'] : [],
      );
      await running.close();
    }
  });

  test(`a new client certificate for ${name} serves as soon as its files are there, and a revocation names one certificate and no seat`, async (t) => {
    const { issuer, got, isOrder, isRevoked } = await make(t);
    const { files, renew } = await credentials('first', 1);
    const config = configOf(issuer(files));
    const { url, close } = await started(config);
    const { serialNumber } = await certified(url('/plain'));
    await renew('second');
    assert.equal((await enrolled(url('/plain'))).status, 'issued');
    assert.deepEqual(
      got.filter(isOrder).map(({ client }) => client),
      ['first', 'second'],
    );
    const before = got.length;
    const serial = serialNumber.toLowerCase();
    const { code } = await run('certs', 'revoke', serial, '--reason', 'keyCompromise', '--config', config);
    assert.equal(code, 0);
    await until(() => isRevoked(serial), 'the revocation');
    const told = got.slice(before).filter(({ path, body }) => (path + body).includes(serial));
    assert.deepEqual(
      told.map(({ client, path, body }) => [client, /seat/i.test(path + body)]),
      [['second', false]],
    );
    await close();
  });
}

test('an attribute that the profile of Platform 8 demands and no request can have is named at the start, by the server and by check --online', async (t) => {
  const { issuer, fake, got, isOrder } = await platform8(t);
  fake.attributes.push({ attribute: 'employeeNumber', name: 'employee', mandatory: true });
  const config = configOf(issuer((await credentials('demanding', MONTHS)).files));
  const running = await started(config);
  const detail = async (): Promise<unknown> =>
    ((await (await fetch(`${running.adminUrl}/readyz`)).json()) as { authorities?: { issuing?: string } }).authorities
      ?.issuing;
  const text = 'the DigiCert profile demands employeeNumber, which no request has: fix its value in the profile';
  await untilIs<unknown>(`failed: ${text}`, detail, 'the standing of the CA');
  assert.equal((await enrolled(running.url('/plain'))).status, 'pending');
  assert.deepEqual(got.filter(isOrder), []);
  await running.close();
  const online = await run('check', '--online', '--config', config);
  assert.equal(online.code, 1);
  assert.ok(online.err.includes(`authority issuing: its CA cannot be used: ${text}`), online.err);
});
