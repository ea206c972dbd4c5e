/** The three ScepActions over HTTP. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { codeOf, csr, startTenant } from './tenant.ts';

type NestedError = { error: { code: string; message: string } };

test('validateRequest answers Success in the documented form, also to a retry', async (t) => {
  const { simulator, validate } = await startTenant(t);
  const request = await csr({ challenge: simulator.mint({ subject: 'CN=device-1' }) });
  for (const reply of [await validate(request), await validate(request)]) {
    assert.equal(reply.status, 200);
    const body = JSON.parse(reply.text) as Record<string, string>;
    assert.match(body['@odata.context']!, /scepActionResult$/);
    assert.deepEqual([body['code'], body['errorDescription']], ['Success', '']);
  }
});

for (const [name, headers, status] of [
  ['no api-version', { 'api-version': '' }, 400],
  ['an unknown api-version', { 'api-version': '2017-01-01' }, 400],
  ['a client-request-id that is no GUID', { 'client-request-id': '42' }, 400],
  ['another content type', { 'content-type': 'text/plain' }, 415],
] as const)
  test(`an action refuses ${name} with JSON inside JSON`, async (t) => {
    const { act } = await startTenant(t);
    const body = { request: { transactionId: '1', certificateRequest: 'AAAA', callerInfo: 'test' } };
    const reply = await act('validateRequest', body, headers);
    assert.equal(reply.status, status);
    const { error } = JSON.parse(reply.text) as NestedError;
    assert.equal(typeof (JSON.parse(error.message) as { Message: unknown }).Message, 'string');
  });

for (const body of [
  '',
  'not JSON',
  '[]',
  'null',
  { transactionId: '1' },
  { request: { transactionId: '1', certificateRequest: 'AAAA' } },
  { request: { transactionId: '', certificateRequest: 'AAAA', callerInfo: 'x' } },
  { request: { transactionId: 1, certificateRequest: 'AAAA', callerInfo: 'x' } },
  { notification: { transactionId: '1', certificateRequest: 'AAAA', callerInfo: 'x' } },
])
  test(`validateRequest refuses the body ${JSON.stringify(body)}`, async (t) => {
    const { act } = await startTenant(t);
    const reply = await act('validateRequest', body);
    assert.equal(reply.status, 400);
    assert.equal((JSON.parse(reply.text) as NestedError).error.code, 'BadRequest');
  });

/** A tenant, a request with a valid challenge, and functions that send both notifications. */
async function validated(t: Parameters<typeof startTenant>[0]) {
  const tenant = await startTenant(t);
  const certificateRequest = await csr({ challenge: tenant.simulator.mint({ subject: 'CN=device-1' }) });
  const good = {
    transactionId: 'AB12',
    certificateRequest,
    certificateThumbprint: '0123456789ABCDEF0123456789ABCDEF01234567',
    certificateSerialNumber: '5F00A1',
    certificateExpirationDateUtc: '2030-01-31T12:00:00.000Z',
    issuingCertificateAuthority: 'CN=Issuing CA',
    callerInfo: 'test',
    caConfiguration: 'issuing',
    certificateAuthority: 'issuing',
  };
  const success = async (change: object = {}): Promise<string> => {
    const reply = await tenant.act('successNotification', { notification: { ...good, ...change } });
    return reply.status === 200 ? codeOf(reply) : String(reply.status);
  };
  const failure = async (change: object = {}): Promise<string> => {
    const { transactionId, callerInfo } = good;
    const error = { hResult: -1610612735, errorDescription: 'The CA is down.' };
    const notification = { transactionId, certificateRequest, callerInfo, ...error, ...change };
    const reply = await tenant.act('failureNotification', { notification });
    return reply.status === 200 ? codeOf(reply) : String(reply.status);
  };
  return { ...tenant, certificateRequest, success, failure };
}

test('successNotification needs a validated transaction with the same request', async (t) => {
  const { success, validate, certificateRequest } = await validated(t);
  assert.equal(await success(), 'BadCertificateRequestIdInChallenge');
  assert.equal(codeOf(await validate(certificateRequest)), 'Success');
  assert.equal(await success(), 'Success');
  assert.equal(await success(), 'Success', 'a retry is accepted');
  assert.equal(await success({ transactionId: randomUUID() }), 'BadCertificateRequestIdInChallenge');
  const other = await csr({ subject: 'CN=device-2' });
  assert.equal(await success({ certificateRequest: other }), 'BadCertificateRequestIdInChallenge');
  assert.equal(await success({ certificateRequest: 'AAAA' }), 'CertificateRequestDecodingFailed');
});

test('after a refused validation a notification is refused', async (t) => {
  const { success, validate, certificateRequest, clock } = await validated(t);
  clock.advance(3600);
  assert.equal(codeOf(await validate(certificateRequest)), 'ChallengeExpired');
  assert.equal(await success(), 'BadCertificateRequestIdInChallenge');
});

test('successNotification needs well-formed members', async (t) => {
  const { success, validate, certificateRequest } = await validated(t);
  await validate(certificateRequest);
  for (const change of [
    { certificateThumbprint: '0123456789abcdef0123456789abcdef01234567' },
    { certificateThumbprint: '01:23' },
    { certificateSerialNumber: '0x5F' },
    { certificateSerialNumber: '005F' },
    { certificateSerialNumber: '' },
    { certificateExpirationDateUtc: '31.01.2030' },
    { certificateExpirationDateUtc: '2030-01-31T12:00:00' },
    { certificateExpirationDateUtc: '2030-13-31T12:00:00Z' },
    { issuingCertificateAuthority: '' },
    { issuingCertificateAuthority: 'x'.repeat(257) },
  ])
    assert.equal(await success(change), 'Unknown', JSON.stringify(change));
  assert.equal(await success({ caConfiguration: 7 }), '400');
  assert.equal(await success({ certificateThumbprint: 7 }), '400');
});

test('successNotification takes a time with any zone, and members for the CA that are absent, null or empty', async (t) => {
  const { success, validate, certificateRequest } = await validated(t);
  await validate(certificateRequest);
  for (const zone of ['Z', '+00:00', '+01:00', '-08:00'])
    assert.equal(await success({ certificateExpirationDateUtc: `2030-01-31T12:00:00.000${zone}` }), 'Success', zone);
  for (const ca of [undefined, null, ''])
    assert.equal(await success({ caConfiguration: ca, certificateAuthority: ca }), 'Success', String(ca));
});

test('failureNotification accepts a 32-bit number and at most 255 characters, after a validation', async (t) => {
  const { failure, validate, certificateRequest } = await validated(t);
  assert.equal(await failure(), 'BadCertificateRequestIdInChallenge');
  await validate(certificateRequest);
  assert.equal(await failure(), 'Success');
  assert.equal(await failure({ hResult: 0x8000ffff }), 'Success');
  assert.equal(await failure({ hResult: 2 ** 32 }), 'Unknown');
  assert.equal(await failure({ hResult: 1.5 }), 'Unknown');
  assert.equal(await failure({ errorDescription: 'x'.repeat(256) }), 'Unknown');
  assert.equal(await failure({ hResult: '1' }), '400');
});
