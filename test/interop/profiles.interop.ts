/**
 * Everything that an Intune SCEP profile can ask for, through the whole line: a challenge of the simulated Intune for the
 * profile, our client, a running server, and the certificate as OpenSSL, pyca/cryptography and asn1crypto read it.
 */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type ClientContext, discover, type Enrolled, enroll } from '../../src/client/scep-client.ts';
import { softwareKey } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { opensslFacts, pycaFacts } from './kit/certificate-facts.ts';
import { output } from './kit/children.ts';
import { type Installation, install } from './kit/installation.ts';
import { certificationRequest } from './kit/profile-request.ts';
import type { Server } from './kit/server.ts';
import { ALTERNATIVE_NAMES } from './profiles/alternative-names.table.ts';
import { KEYS } from './profiles/keys.table.ts';
import {
  type CertificateRow,
  configuration,
  ENDPOINTS,
  type ProfileRow,
  type RefusedRow,
  USUAL_HOURS,
  USUAL_OPENSSL,
  USUAL_PYCA,
  whole,
  type WholeRow,
} from './profiles/row.ts';
import { SUBJECTS } from './profiles/subjects.table.ts';
import { USAGES } from './profiles/usages.table.ts';
import { VALIDITY } from './profiles/validity.table.ts';

let installation: Installation;
let server: Server;
before(async () => {
  installation = await install('rsa-2048', configuration);
  server = await installation.serve();
});
after(async () => {
  assert.equal(await server.stop(), 0);
  await installation.remove();
});

const context: ClientContext = { fetch, clock: () => new Date(), random: (length) => randomBytes(length) };

/** A new key, a challenge for the profile, and the request of the device with it. */
async function enrolled({ endpoint, profile, request, bits }: WholeRow): Promise<Enrolled> {
  const key = softwareKey(generateKeyPairSync('rsa', { modulusLength: bits }).privateKey);
  const csr = await certificationRequest(request, await installation.tenant.mint(profile), key);
  const found = await discover(new URL(ENDPOINTS[endpoint].path, server.url).href, context);
  return enroll(found, { subject: Buffer.from(request.subject, 'hex'), key, csr }, context);
}

/** What Intune was told about a transaction. */
async function told(hop: string, id: string): Promise<{ code: string; notification: Notification }[]> {
  const calls = (await installation.tenant.calls()).filter((call) => call.hop === hop);
  return calls
    .filter(({ body }) => (body?.request ?? body?.notification)?.transactionId === id)
    .map(({ code, body }) => ({ code, notification: body?.notification ?? {} }));
}
type Notification = { certificateThumbprint?: string; hResult?: number };

/** Extensions that every certificate has, beside those of the request: whose key it is, and who signed it. */
const OF_THE_CA = ['2.5.29.14', '2.5.29.19', '2.5.29.35'];

async function assertCertificate(reply: Enrolled, row: WholeRow, expected: CertificateRow): Promise<void> {
  assert.equal(reply.status, 'success', JSON.stringify(reply));
  assert.ok(reply.status === 'success' && reply.certificates[0]);
  const [der] = reply.certificates;
  const file = join(installation.dir, `${reply.transactionId}.der`);
  writeFileSync(file, der);
  writeFileSync(`${file}.pem`, certificatePem(der));
  await output('openssl', ['verify', '-CAfile', installation.root, '-untrusted', installation.chain, `${file}.pem`]);
  assert.deepEqual(await opensslFacts(file), { ...USUAL_OPENSSL, ...expected.openssl }, 'OpenSSL');

  const { octets, hours, ...found } = await pycaFacts(file);
  assert.deepEqual(found, { ...USUAL_PYCA, ...expected.pyca }, 'pyca/cryptography');
  const [least, most] = expected.hours ?? USUAL_HOURS;
  assert.ok(least <= hours && hours <= most, `valid for ${hours} hours`);
  assert.equal(octets.subject, expected.octets?.subject ?? row.request.subject);
  const requested = Object.fromEntries(Object.entries(octets.extensions).filter(([id]) => !OF_THE_CA.includes(id)));
  assert.deepEqual(requested, expected.octets?.extensions ?? row.request.extensions);

  const thumbprint = createHash('sha1').update(der).digest('hex').toUpperCase();
  assert.deepEqual(
    (await told('successNotification', reply.transactionId)).map(({ code, notification }) => [
      code,
      notification.certificateThumbprint,
    ]),
    [['Success', thumbprint]],
  );
}

async function assertRefused(
  reply: Enrolled,
  { failInfo, code, intuneCode, failures = [] }: RefusedRow,
): Promise<void> {
  assert.equal(reply.status, 'failure', JSON.stringify(reply));
  assert.ok(reply.status === 'failure');
  const line = await server.transaction(reply.transactionId);
  assert.deepEqual([reply.failInfo, line.code, line.intuneCode], [failInfo, code, intuneCode]);
  assert.equal((await told('validateRequest', reply.transactionId)).length, intuneCode === undefined ? 0 : 1);
  assert.deepEqual(await told('successNotification', reply.transactionId), []);
  for (const hResult of failures) owed.push([reply.transactionId, hResult]);
}

/** What Intune must be told of refusals, in the background: the transaction and the HRESULT. */
const owed: [string, number][] = [];

const TABLES: Readonly<Record<string, readonly ProfileRow[]>> = {
  subject: SUBJECTS,
  'subject alternative name': ALTERNATIVE_NAMES,
  'key usage and extended key usage': USAGES,
  'key size and hash': KEYS,
  validity: VALIDITY,
};

for (const [setting, rows] of Object.entries(TABLES))
  describe(setting, () => {
    for (const row of rows)
      test(row.title, async () => {
        const reply = await enrolled(whole(row));
        if ('refused' in row) await assertRefused(reply, row.refused);
        else await assertCertificate(reply, whole(row), row.certificate);
      });
  });

test('Intune is told of what openndes refused after it had accepted the request, and of nothing else', async () => {
  const failures = async (): Promise<unknown[]> =>
    (await installation.tenant.calls())
      .filter(({ hop }) => hop === 'failureNotification')
      .map(({ body }) => [body?.notification?.transactionId, body?.notification?.hResult]);
  assert.equal(owed.length, 7);
  for (let seconds = 0; seconds < 30 && (await failures()).length < owed.length; seconds++) await setTimeout(1000);
  assert.deepEqual((await failures()).toSorted(), owed.toSorted());
});
