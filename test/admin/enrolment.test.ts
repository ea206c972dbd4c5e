/** From the issued password to the certificate: one-time passwords through the whole enrolment, as a device sees it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Administrator } from '../../src/manage/administrator.ts';
import { challengeIssuer } from '../../src/manage/one-time-passwords.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { oneTimePolicy } from '../../src/policy/one-time.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { type Different, endpointUnderTest, issuedIn, PATH, read, stored } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, clientFor, HOUR, type Keyed, random } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const ADMINISTRATOR: Administrator = { actor: { kind: 'person', name: 'test' }, source: 'page' };

/** A request with this challenge, under a transactionID of its own key. */
const message = async (challenge: string | undefined, signer: Keyed = client): Promise<Uint8Array> => {
  const { challenge: _, ...plan } = REQUEST_PLAN;
  const content = await writeCertificationRequest(challenge === undefined ? plan : { ...plan, challenge }, signer.key);
  return requestMessage({ content, signer });
};

/** Two endpoints with one-time passwords over one store. */
async function endpoints({ max = 5, ...different }: Different & { max?: number } = {}) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const log = keptLog();
  const policy = oneTimePolicy({ store, clock });
  const under = await endpointUnderTest(policy, { store, clock, ...different });
  const other = await endpointUnderTest(policy, { store, clock, path: '/scep/other' });
  const issuer = challengeIssuer(PATH, { validity: HOUR, max, length: 8 }, { store, clock, random });
  const password = async (): Promise<string> => {
    const challenge = await issuer.issue(ADMINISTRATOR);
    return challenge === 'full' ? assert.fail('full') : challenge.password;
  };
  return { under, other, clock, issuer, password, log };
}

test('a password yields one certificate, and repeating its request gets the same one', async () => {
  const { under, password } = await endpoints();
  const request = await message(await password());
  const first = await issuedIn(await under.service.pkiOperation(request));
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(request)), first);
  assert.equal((await stored(under)).length, 1);
});

test('M03 a password that is used gives its place to another one; one that was refused or is not used keeps it', async () => {
  const { under, issuer, password } = await endpoints({ max: 2 });
  const [used] = [await password(), await password()];
  assert.equal(await issuer.issue(ADMINISTRATOR), 'full');
  await read(await under.service.pkiOperation(await message('0000000000000000')));
  assert.equal(await issuer.issue(ADMINISTRATOR), 'full');
  await issuedIn(await under.service.pkiOperation(await message(used)));
  await password();
  assert.equal(await issuer.issue(ADMINISTRATOR), 'full');
});

test('M03 a password that is used up by waiting for approval gives its place to another one', async () => {
  const { under, issuer, password } = await endpoints({ max: 1, approval: 'manual' });
  const request = await message(await password());
  assert.equal((await read(await under.service.pkiOperation(request))).status, 'pending');
  await password();
  assert.equal(await issuer.issue(ADMINISTRATOR), 'full');
});

const E_PROP_NOT_FOUND = 0x80070490;
const CERT_E_CHALLENGE_USED = 0x800b0110;
const TRUST_E_CERT_SIGNATURE = 0x80096004;

type World = Awaited<ReturnType<typeof endpoints>>;
const REFUSED: [string, (world: World) => Promise<Uint8Array>, number][] = [
  ['wrong', () => message('0000000000000000'), E_PROP_NOT_FOUND],
  ['missing', () => message(undefined), TRUST_E_CERT_SIGNATURE],
  ['empty', () => message(''), TRUST_E_CERT_SIGNATURE],
  [
    'expired',
    async ({ password, clock }) => {
      const request = await message(await password());
      clock.forward(HOUR);
      return request;
    },
    E_PROP_NOT_FOUND,
  ],
  [
    'used',
    async ({ password, under }) => {
      const challenge = await password();
      await issuedIn(await under.service.pkiOperation(await message(challenge)));
      const again = await clientFor(rsaKey('another device'));
      return message(challenge, again);
    },
    CERT_E_CHALLENGE_USED,
  ],
];
for (const [what, request, hresult] of REFUSED)
  test(`Q03 ${what} password: FAILURE badRequest with the HRESULT of NDES, and nothing issued`, async () => {
    const world = await endpoints();
    const octets = await request(world);
    const before = await stored(world.under);
    const signer = what === 'used' ? await clientFor(rsaKey('another device')) : client;
    const reply = await read(await world.under.service.pkiOperation(octets), signer);
    assert.ok(reply.status === 'failure');
    assert.deepEqual([reply.failInfo, (reply.hresult ?? 0) >>> 0], ['badRequest', hresult]);
    assert.equal((await stored(world.under)).length, before.length);
  });

test('S04 the password of one endpoint is wrong at another, and stays valid at its own', async () => {
  const { under, other, password } = await endpoints();
  const request = await message(await password());
  const reply = await read(await other.service.pkiOperation(request));
  assert.ok(reply.status === 'failure' && reply.failInfo === 'badRequest');
  await issuedIn(await under.service.pkiOperation(request));
});

test('S06 ten devices race with one password: one certificate, nine times "used"', async () => {
  const { under, password } = await endpoints();
  const challenge = await password();
  const devices = await Promise.all(Array.from({ length: 10 }, (_, n) => clientFor(rsaKey(`racer ${n}`))));
  const requests = await Promise.all(devices.map((device) => message(challenge, device)));
  const answers = await Promise.all(requests.map((request) => under.service.pkiOperation(request)));
  const replies = await Promise.all(answers.map((answer, n) => read(answer, devices[n])));
  const hresults = replies.map((reply) => (reply.status === 'failure' ? (reply.hresult ?? 0) >>> 0 : reply.status));
  assert.equal(hresults.filter((it) => it === 'success').length, 1);
  assert.equal(hresults.filter((it) => it === CERT_E_CHALLENGE_USED).length, 9);
  assert.equal((await stored(under)).length, 1);
});

test('S07 no password is in facts, log or audit: valid, used, wrong or expired', async () => {
  const { under, password, clock, log } = await endpoints();
  const [good, late] = [await password(), await password()];
  const other = await clientFor(rsaKey('another device'));
  const requests = [await message(good), await message(good, other), await message('0123456789ABCDEF', other)];
  const facts: unknown[] = [];
  for (const request of requests) facts.push((await under.service.pkiOperation(request)).facts);
  clock.forward(HOUR);
  facts.push((await under.service.pkiOperation(await message(late, other))).facts);
  const text = JSON.stringify([facts, log.lines, under.log.lines, await under.store.listAudit({})]);
  for (const secret of [good, late, '0123456789ABCDEF']) assert.ok(!text.includes(secret));
});
