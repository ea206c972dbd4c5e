/** What step-ca is sent: tokens, orders, revocations. step-ca itself is asked in step-ca.backends.ts. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { BackendCall, BackendReply } from '../../src/backends/backend-call.ts';
import { jwsKey } from '../../src/backends/step-ca/jws.ts';
import { stepCaBackend } from '../../src/backends/step-ca/step-ca-backend.ts';
import type { StepCaSettings } from '../../src/backends/step-ca/step-ca-settings.ts';
import { ConfigError, IssuerError } from '../../src/core/errors.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { clock, issuing, NOW, root } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';
import { testCa } from './https-ca.ts';
import { ALLOW, csr, keptCalls, never, PLACE, reply, REQUEST } from './kept-calls.ts';

const key = generateKey('p256');
const MADE = reply(201, { certChain: [certificatePem(issuing.certificate), certificatePem(root.certificate)] });

/** A backend whose client keeps the calls, and answers each with the next reply. */
function under(settings: Partial<StepCaSettings> = {}, ...replies: BackendReply[]) {
  const { calls, client } = keptCalls('ca.example', replies, MADE);
  const given = {
    url: 'https://ca.example:9000',
    provisioner: 'fleet',
    key: privateKeyPem(key.privateKey),
    ...settings,
  };
  return {
    calls,
    backend: stepCaBackend(given, { client, clock, random: (length) => Buffer.alloc(length, 7), place: PLACE }),
  };
}

/** What a call sends. */
const jsonOf = (call: BackendCall | undefined) =>
  (call?.json ?? assert.fail('nothing was sent')) as { ott: string; csr: string; notAfter: string };

const decoded = (part = ''): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

function tokenIn(call: BackendCall | undefined) {
  const { ott } = jsonOf(call);
  const [header, claims, signature = ''] = ott.split('.');
  return { header: decoded(header), claims: decoded(claims), signed: `${header}.${claims}`, signature };
}

test('the thumbprint of a key is that of RFC 8037 A.3', () => {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  };
  const { algorithm, thumbprint } = jwsKey(JSON.stringify(jwk));
  assert.deepEqual([algorithm, thumbprint], ['EdDSA', 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k']);
});

test('an order has the request, its end, and a token of five minutes for this request alone', async () => {
  const { backend, calls } = under();
  const answer = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(answer.kind === 'issued');
  assert.deepEqual(
    [answer.certificate, answer.chain],
    [Buffer.from(issuing.certificate), [Buffer.from(root.certificate)]],
  );
  assert.equal(answer.wantedEnd?.toISOString(), '2027-03-01T12:00:00.000Z');
  const [call] = calls;
  assert.deepEqual([call?.method, call?.path, call?.idempotent], ['POST', '/1.0/sign', false]);
  const { csr: sent, notAfter } = jsonOf(call);
  assert.match(sent, /^-----BEGIN CERTIFICATE REQUEST-----\n/);
  assert.equal(notAfter, '2027-03-01T12:00:00Z');
  const { header, claims, signed, signature } = tokenIn(call);
  assert.deepEqual(header, { alg: 'ES256', typ: 'JWT', kid: jwsKey(privateKeyPem(key.privateKey)).thumbprint });
  const { openndes, cnf, ...rest } = claims;
  const now = NOW.getTime() / 1000;
  assert.deepEqual(rest, {
    sans: ['device-1.example.com'],
    iss: 'fleet',
    aud: 'https://ca.example:9000/1.0/sign',
    sub: 'device-1',
    jti: '07'.repeat(32),
    nbf: now,
    iat: now,
    exp: now + 300,
  });
  assert.deepEqual(cnf, { 'x5rt#S256': createHash('sha256').update(CSR).digest('base64url') });
  assert.deepEqual(openndes, {
    subject: Buffer.from(csr.subject).toString('base64'),
    keyUsage: 'AwIFoA==',
    extendedKeyUsage: 'MAoGCCsGAQUFBwMC',
    subjectAltName: 'MBaCFGRldmljZS0xLmV4YW1wbGUuY29t',
    subjectAltNameCritical: false,
  });
  const publicKey = createPublicKey(key.privateKey);
  const octets = Buffer.from(signature, 'base64url');
  assert.ok(verify('sha256', Buffer.from(signed), { key: publicKey, dsaEncoding: 'ieee-p1363' }, octets));
});

test('the token of an X5C provisioner has its certificate, and an audience of its own', async () => {
  const { certificate, key: own } = await (await testCa()).issue('CN=openndes');
  const { backend, calls } = under({ certificate, key: own });
  await backend.issue(REQUEST, ALLOW, never);
  const { header, claims } = tokenIn(calls[0]);
  const x5c = certificate.replaceAll(/-----[A-Z ]+-----|\n/g, '');
  assert.deepEqual(header, { alg: 'ES256', typ: 'JWT', x5c: [x5c] });
  assert.equal(claims['aud'], 'https://ca.example:9000/1.0/sign#x5c/fleet');
});

test('a revocation has the serial number in decimal, also as the subject of its token', async () => {
  const { backend, calls } = under({}, reply(200, { status: 'ok' }));
  const order = { serial: 'ff01', issuer: 'CN=CA', certificate: CSR, reason: 'keyCompromise', at: NOW } as const;
  await backend.revoke?.(order, never);
  const { ott: _, ...sent } = jsonOf(calls[0]);
  assert.deepEqual(sent, { serial: '65281', reasonCode: 1, reason: 'keyCompromise', passive: true });
  const { claims } = tokenIn(calls[0]);
  assert.deepEqual([claims['sub'], claims['aud']], ['65281', 'https://ca.example:9000/1.0/revoke']);
});

test('an answer with success and without a certificate: the outcome is unknown', async () => {
  const { backend } = under({}, reply(201, {}));
  await assert.rejects(
    backend.issue(REQUEST, ALLOW, never),
    (error) => error instanceof IssuerError && error.code === 'unknown-outcome',
  );
});

test('a refused order has the words of step-ca; its token is named as a secret', async () => {
  const { backend, calls } = under({}, reply(403, { status: 403, message: 'The request was forbidden' }));
  const error = await Promise.resolve(backend.issue(REQUEST, ALLOW, never)).catch((cause: unknown) => cause);
  assert.ok(error instanceof IssuerError);
  assert.equal(error.adminText, 'step-ca (ca.example): sign: HTTP 403, The request was forbidden');
  assert.deepEqual(calls[0]?.secrets, [jsonOf(calls[0]).ott]);
});

for (const [what, settings] of [
  ['a key that cannot be read', { key: 'hunter2' }],
  ['a JWK without its private half', { key: '{"kty":"EC","crv":"P-256","x":"hunter2","y":"hunter2"}' }],
  ['a key that signs no tokens', { key: privateKeyPem(generateKey('ml-dsa-44').privateKey) }],
  ['a certificate of another key', { certificate: certificatePem(issuing.certificate) }],
  ['a certificate that is none', { certificate: 'hunter2' }],
] as const)
  test(`${what} stops the start, and is not repeated`, () =>
    assert.throws(
      () => under(settings),
      (error) => error instanceof ConfigError && !inspect(error).includes('hunter2'),
    ));

test('a health that is not good is said', async () => {
  const ill = under({}, reply(200, { status: 'starting' }));
  assert.deepEqual(await ill.backend.check?.(never), { ok: false, detail: 'step-ca says of its health: starting' });
});
