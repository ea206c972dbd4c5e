/** AD CS by tickets of a real KDC, through Apache, which is to a fake of AD CS what IIS is to a CA. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { kerberosLogins } from '../../src/app/kerberos.ts';
import { productOf } from '../../src/app/issuer-makers.ts';
import type { ClosableProduct } from '../../src/app/issuer-place.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import type { IssuerSettings } from '../../src/config/issuer-kinds.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { signedRequest } from '../../src/testing/signed-request.ts';
import { clock, DAY, issuing, root } from '../wiring/files.ts';
import { ADCS_TEMPLATE, CES_KERBEROS_PATH, fakeCes } from './fakes/fake-ces.ts';
import { fakeCertsrv, TEMPLATE } from './fakes/fake-certsrv.ts';
import { type Got, serveCa, testCa } from './https-ca.ts';
import { realGuard, REALM, type Realm, realRealm } from './real-kerberos.ts';

const own = await testCa();
const tls = await own.issue('CN=localhost', ['dns:localhost']);
const signer = { ca: issuing, now: clock() };
const certsrv = fakeCertsrv(signer);
certsrv.asksLogin = false;
const ces = fakeCes(signer);
const got: Got[] = [];
const ALLOW = { kind: 'allow', notify: 'none', vouchesForNames: true, vouchesForPurposes: true } as const;
const never = new AbortController().signal;
const LOG_IN = { principal: `svc-openndes@${REALM}` };

/** What ends with the tests of this file, the last one first. */
const ends: (() => unknown)[] = [];
const ending = { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext;
after(async () => {
  for (const end of ends.toReversed()) await end();
});

let realm: Realm;
let guard: Awaited<ReturnType<typeof realGuard>>;
before(async () => {
  realm = await realRealm();
  ends.push(realm.close);
  const keytab = await realm.principals('services.keytab', 'HTTP/localhost');
  const clients = await realm.principals('clients.keytab', 'svc-openndes', 'stranger', 'late');
  await realm.start();
  const behind = await serveCa(ending, tls, (one, response) => {
    got.push(one);
    (one.path.startsWith('/certsrv') ? certsrv : ces).answer(one, response);
  });
  guard = await realGuard(realm, { keytab, user: 'svc-openndes', to: behind.url, ca: own.ca, tls });
  ends.push(guard.close);
  const tickets = `DIR:${realm.folder}/tickets`;
  Object.assign(process.env, realm.environment, { KRB5_CLIENT_KTNAME: clients, KRB5CCNAME: tickets });
});

type Adcs = IssuerSettings['adcs'];
const place = {
  profile: { ...DEFAULT_PROFILE, validity: 90 * DAY },
  certificate: issuing.certificate,
  chain: [root.certificate],
};

/** As an authority of a server has it. */
async function product(different: Partial<Adcs>, url = guard.url): Promise<ClosableProduct> {
  const settings = {
    trustOnly: own.ca,
    via: 'certsrv',
    template: TEMPLATE,
    request: 'cmc',
    expirationDate: true,
  } as const;
  const made = await productOf(
    { kind: 'adcs', settings: { ...settings, url: `${url}/certsrv`, kerberos: LOG_IN, ...different } },
    place,
  );
  ends.push(() => made.close?.());
  return made;
}

async function issuedBy(made: ClosableProduct): Promise<void> {
  const request = await signedRequest();
  const answer = await made.issue(request, ALLOW, never);
  assert.ok(answer.kind === 'issued');
  assert.deepEqual(readCertificate(answer.certificate).spki, request.csr.spki);
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('a ticket of the keytab lets certsrv issue a certificate, and both sides are proven', async () => {
  await issuedBy(await product({}));
  await issuedBy(await product({ kerberos: {} }));
  assert.ok(got.every(({ headers }) => headers.authorization?.startsWith('Negotiate YII')));
});

test('a ticket lets the enrolment web service issue, without WS-Security', async () => {
  await issuedBy(await product({ via: 'ces', url: guard.url + CES_KERBEROS_PATH, template: ADCS_TEMPLATE }));
});

test('its health is asked with a ticket', async () => {
  assert.deepEqual(await (await product({})).check!(never), { ok: true, detail: 'the CA can be asked' });
});

test('an account without keys here is said by name, and nothing is sent', async () => {
  const before = got.length;
  const error = await fault(issuedBy(await product({ kerberos: { principal: `nobody@${REALM}` } })));
  assert.deepEqual([error.code, error.retryable, got.length], ['unauthorised', true, before]);
  assert.match(
    error.adminText,
    /^Kerberos: no ticket for HTTP@localhost: .*Can't find client principal nobody@OPENNDES\.TEST/,
  );
});

test('a service that the realm does not have is said by name', async () => {
  const error = await fault(issuedBy(await product({ kerberos: { ...LOG_IN, service: 'HTTP/other.example.com' } })));
  assert.deepEqual([error.code, error.retryable], ['unauthorised', true]);
  assert.match(error.adminText, /^Kerberos: no ticket for HTTP@other\.example\.com: .*not found in Kerberos database/);
});

test('an account that may not is refused by the service, after one more login', async () => {
  const before = [got.length, guard.log().split('authorization failure').length];
  const error = await fault(issuedBy(await product({ kerberos: { principal: `stranger@${REALM}` } })));
  assert.deepEqual([error.code, error.retryable], ['unauthorised', true]);
  assert.match(error.adminText, /HTTP 401\. The account, its password or its ticket is refused/);
  assert.deepEqual([got.length, guard.log().split('authorization failure').length - before[1]!], [before[0], 2]);
});

test('a success with the proof of another exchange is none', async () => {
  let answer = 'Negotiate ';
  const other = await serveCa(ending, tls, (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html', 'www-authenticate': answer }).end('<html></html>'),
  );
  const login = await kerberosLogins(LOG_IN, 'localhost')(never);
  answer += login.token;
  const { ok, detail } = await (await product({}, other.url)).check!(never);
  assert.equal(ok, false);
  assert.match(detail, /its proof of itself is wrong by Kerberos/);
});

test('while no KDC answers an account without tickets waits, and an order succeeds when one is back', async () => {
  const late = await product({ kerberos: { principal: `late@${REALM}` } });
  await realm.stop();
  const error = await fault(issuedBy(late));
  assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
  assert.match(error.adminText, /Cannot contact any KDC for realm 'OPENNDES\.TEST'/);
  await issuedBy(await product({}));
  await realm.start();
  assert.equal((await fault(issuedBy(late))).code, 'unauthorised');
});
