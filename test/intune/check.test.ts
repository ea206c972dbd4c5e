/** Asking whether a tenant can be used, without a device. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { provesPossession, readCertificationRequest } from '../../src/pkix/csr.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { type FakeTenant, fakeTenant, ok, rejection } from './fake-tenant.ts';

const never = new AbortController().signal;
const request = { transactionId: 'ABC123', csr: Buffer.from('a PKCS#10') };

let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());
beforeEach(() => {
  tenant.calls.length = 0;
});

const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64url');
const jwt = (claims: object) =>
  ok({ token_type: 'Bearer', expires_in: 3599, access_token: `${part({ alg: 'RS256' })}.${part(claims)}.x` });

test('a tenant that can be used is asked for tokens and the address of the service, and for nothing else', async () => {
  const client = tenant.client({ timeouts: { retries: 0 } });
  await client.check(never);
  assert.deepEqual(tenant.hops(), ['token', 'discovery', 'token']);
  assert.equal(client.health().ok, true);
  // Graph is asked each time, also when the address is known.
  await client.check(never);
  assert.deepEqual(tenant.hops().slice(3), ['discovery']);
});

test('a token without the role is named, and the next check takes a new token', async () => {
  const client = tenant.client({ timeouts: { retries: 0 } });
  tenant.answer(
    'token',
    jwt({ roles: ['Application.Read.All'] }),
    jwt({}),
    jwt({ roles: ['scep_challenge_provider'] }),
  );
  const error = await rejection(client.check(never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.match(error.message, /has no role scep_challenge_provider/);
  assert.match(client.health().detail, /has no role scep_challenge_provider\. Grant the application role/);
  await client.check(never);
  assert.equal(client.health().ok, true);
});

test('a step that fails is named until it succeeds; after a validateRequest that failed, a check sends one that Intune refuses', async () => {
  const client = tenant.client({ timeouts: { retries: 0 } });
  tenant.answer('discovery', { status: 403, json: {} });
  tenant.answer('discovery', { status: 403, json: {} }, { status: 403, json: {} });
  assert.ok((await rejection(client.check(never))) instanceof IntuneUnreachable);
  assert.equal(client.health().fault?.hop, 'discovery');
  await client.check(never);
  assert.equal(client.health().ok, true);
  tenant.answer('validateRequest', { status: 500, text: 'no' });
  await rejection(client.validateRequest(request, never));
  tenant.answer(
    'validateRequest',
    { status: 503, text: 'no' },
    ok({ code: 'ChallengeNotFound', errorDescription: '' }),
  );
  assert.ok((await rejection(client.check(never))) instanceof IntuneUnreachable);
  assert.equal(client.health().fault?.status, 503);
  await client.check(never);
  assert.equal(client.health().ok, true);
  const { request: sent } = JSON.parse(tenant.calls.at(-1)!.body) as { request: Record<string, string> };
  assert.equal(sent['transactionId'], 'openndes-check');
  const csr = readCertificationRequest(Buffer.from(sent['certificateRequest']!, 'base64'));
  assert.equal(csr.challenge, undefined);
  assert.ok(provesPossession(csr, readPublicKey(csr.spki)));
});

test('the Date of Entra’s replies is reported, and that of others is not', async () => {
  const dates: string[] = [];
  const client = tenant.client({ serverTime: (date) => void dates.push(date.toISOString()) });
  tenant.answer('token', {
    headers: { date: 'Thu, 26 Nov 2020 12:00:00 GMT' },
    json: { token_type: 'Bearer', expires_in: 3599, access_token: 'a' },
  });
  await client.check(never);
  assert.equal(dates[0], '2020-11-26T12:00:00.000Z');
  assert.equal(dates.length, 2);
});
