/** What OpenBao is sent. OpenBao itself is asked in open-bao.backends.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackendCall, BackendReply } from '../../src/backends/backend-call.ts';
import { openBaoBackend } from '../../src/backends/open-bao/open-bao-backend.ts';
import type { OpenBaoLogin, OpenBaoSettings } from '../../src/backends/open-bao/open-bao-settings.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { certificatePem, requestPem } from '../../src/pkix/pem.ts';
import { handClock } from '../kit/clock.ts';
import { issuing, NOW, root } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';
import { ALLOW, keptCalls, never, PLACE, reply, REQUEST } from './kept-calls.ts';

const APP_ROLE: OpenBaoLogin = { kind: 'appRole', mount: 'approle', roleId: 'the-role', secretId: 'the-secret' };

const MADE = reply(200, {
  data: { certificate: certificatePem(issuing.certificate), ca_chain: [certificatePem(root.certificate)] },
});
const token = (name: string, seconds = 3600): BackendReply =>
  reply(200, { auth: { client_token: name, lease_duration: seconds } });

/** A backend whose client keeps the calls, and answers each with the next reply. */
function under(login: OpenBaoLogin, replies: BackendReply[], more: Partial<OpenBaoSettings> = {}) {
  const { calls, client } = keptCalls('bao.example', replies, MADE);
  const clock = handClock();
  const settings = { mount: 'pki', role: 'fleet', login, ...more };
  const backend = openBaoBackend({ appends: 'O=Example', ...settings }, { client, clock, place: PLACE });
  return { calls, clock, issue: () => backend.issue(REQUEST, ALLOW, never), backend };
}

const tokensOf = (calls: readonly BackendCall[]) =>
  calls.map(({ path, headers }) => [path, headers?.['x-vault-token']]);

test('an order has the names as lists, and a time that the role can limit', async () => {
  const { issue, calls, backend } = under({ kind: 'token', token: 'the-token' }, [], { namespace: 'team' });
  const answer = await issue();
  assert.ok(answer.kind === 'issued');
  assert.deepEqual(
    [answer.certificate, answer.chain],
    [Buffer.from(issuing.certificate), [Buffer.from(root.certificate)]],
  );
  assert.equal(answer.wantedEnd?.toISOString(), '2027-03-01T12:00:00.000Z');
  assert.equal(backend.capabilities?.appends, 'O=Example');
  assert.deepEqual(calls, [
    {
      method: 'POST',
      path: '/v1/pki/sign/fleet',
      idempotent: false,
      undone: [503],
      headers: { 'x-vault-namespace': 'team', 'x-vault-token': 'the-token' },
      secrets: ['the-token'],
      json: {
        csr: requestPem(CSR),
        common_name: 'device-1',
        exclude_cn_from_sans: true,
        alt_names: 'device-1.example.com',
        uri_sans: [],
        ip_sans: [],
        other_sans: [],
        ttl: '31536000s',
        format: 'pem',
      },
    },
  ]);
});

test('a login is used until two thirds of its time have passed', async () => {
  const { issue, calls, clock } = under(APP_ROLE, [token('first', 90), MADE, MADE, token('second', 90), MADE]);
  await issue();
  clock.forward(59_999);
  await issue();
  clock.forward(1);
  await issue();
  assert.deepEqual(tokensOf(calls), [
    ['/v1/auth/approle/login', undefined],
    ['/v1/pki/sign/fleet', 'first'],
    ['/v1/pki/sign/fleet', 'first'],
    ['/v1/auth/approle/login', undefined],
    ['/v1/pki/sign/fleet', 'second'],
  ]);
  assert.deepEqual(
    [calls[0]?.json, calls[0]?.secrets],
    [{ role_id: 'the-role', secret_id: 'the-secret' }, ['the-secret']],
  );
});

test('orders at the same time share one login, also when a token has ended or is refused, and one that is given up ends it for none', async () => {
  const refused = reply(403, { errors: ['permission denied'] });
  const { issue, calls, clock } = under(APP_ROLE, [token('a', 90), MADE, MADE, MADE, token('b', 90)]);
  const logins = () => calls.filter(({ path }) => path.endsWith('/login')).length;
  await Promise.all([issue(), issue(), issue()]);
  assert.equal(logins(), 1);
  clock.forward(60_000);
  await Promise.all([issue(), issue(), issue()]);
  assert.equal(logins(), 2);
  const another = under(APP_ROLE, [token('a'), MADE, refused, refused, refused, token('b')]);
  await another.issue();
  await Promise.all([another.issue(), another.issue(), another.issue()]);
  assert.equal(another.calls.filter(({ path }) => path.endsWith('/login')).length, 2);
  const given = under(APP_ROLE, [token('a')]);
  const over = new AbortController();
  const lost = given.backend.issue(REQUEST, ALLOW, over.signal);
  const kept = given.issue();
  over.abort(new Error('too late'));
  await assert.rejects(Promise.resolve(lost), /too late/);
  assert.equal((await kept).kind, 'issued');
  assert.equal(given.calls.filter(({ path }) => path.endsWith('/login')).length, 1);
});

test('a token that is refused is replaced once; a new one that is refused is not, nor one of the configuration', async () => {
  const refused = reply(403, { errors: ['permission denied'] });
  const { issue, calls } = under(APP_ROLE, [token('a'), MADE, refused, token('b'), refused]);
  await issue();
  await assert.rejects(issue(), (error) => error instanceof IssuerError && error.code === 'unauthorised');
  assert.equal(calls.length, 5);
  const fresh = under(APP_ROLE, [token('a'), refused]);
  await assert.rejects(fresh.issue(), IssuerError);
  assert.equal(fresh.calls.length, 2);
  const fixed = under({ kind: 'token', token: 't' }, [refused]);
  await assert.rejects(fixed.issue(), IssuerError);
  assert.equal(fixed.calls.length, 1);
});

test('a login by certificate names its role where there is one', async () => {
  for (const [name, json] of [
    ['fleet', { name: 'fleet' }],
    [undefined, {}],
  ] as const) {
    const { issue, calls } = under({ kind: 'certificate', mount: 'tls', name }, [token('t')]);
    await issue();
    assert.deepEqual([calls[0]?.path, calls[0]?.json], ['/v1/auth/tls/login', json]);
  }
});

for (const [status, code] of [
  [400, 'rejected'],
  [404, 'misconfigured'],
  [412, 'unavailable'],
  [500, 'unavailable'],
] as const)
  test(`an order that is answered with ${status} is ${code}`, async () => {
    const { issue } = under({ kind: 'token', token: 't' }, [reply(status, { errors: ['the words'] })]);
    await assert.rejects(
      issue(),
      (error) =>
        error instanceof IssuerError &&
        error.code === code &&
        error.adminText === `OpenBao (bao.example): pki/sign/fleet: HTTP ${status}, the words`,
    );
  });

test('an answer without a certificate: the outcome is unknown; a login without a token can be mended', async () => {
  const codeOf = async (call: Promise<unknown>) => call.catch((error: unknown) => (error as IssuerError).code);
  assert.equal(
    await codeOf(under({ kind: 'token', token: 't' }, [reply(200, { data: {} })]).issue()),
    'unknown-outcome',
  );
  assert.equal(await codeOf(under(APP_ROLE, [reply(200, {})]).issue()), 'misconfigured');
});

test('a serial number is sent as octets with colons', async () => {
  const { backend, calls } = under({ kind: 'token', token: 't' }, [reply(200, { data: {} })]);
  await backend.revoke?.({ serial: 'abc01', issuer: 'CN=CA', certificate: CSR, reason: 'superseded', at: NOW }, never);
  assert.deepEqual([calls[0]?.path, calls[0]?.json], ['/v1/pki/revoke', { serial_number: '0a:bc:01' }]);
});
