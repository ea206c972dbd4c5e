/** AWS Private CA as the issuer of an authority, against a fake of its SDK. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsPcaBackend } from '../../src/backends/aws-pca/aws-pca-backend.ts';
import { signingAlgorithm } from '../../src/backends/aws-pca/aws-pca-order.ts';
import { type AwsPcaSettings, TEMPLATE } from '../../src/backends/aws-pca/aws-pca-settings.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { requestPem } from '../../src/pkix/pem.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { certificateFor, clock, DAY, issuing, root } from '../kit/pki.ts';
import { ecKey, edKey, rsaKey } from '../kit/keys.ts';
import { CSR } from '../kit/requests.ts';
import { CHAIN } from './fakes/certified.ts';
import { CA_ARN, exception, fakeAwsPca } from './fakes/fake-aws-pca.ts';

const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;
const REQUEST_KEY = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const TOKEN = '00112233445566778899aabbccddeeff0011';
const ARN = `${CA_ARN}/certificate/${TOKEN}`;
const requestWith = (more: Partial<EnrollmentRequest['csr']> = {}): EnrollmentRequest =>
  sampleRequest({ csr: { ...readCertificationRequest(CSR), ...more }, requestKey: REQUEST_KEY });
const REQUEST = requestWith();

function under(different: Partial<AwsPcaSettings> = {}, profile: Partial<Profile> = {}, limit = never) {
  const fake = fakeAwsPca();
  const pauses: number[] = [];
  const limits: number[] = [];
  const backend = awsPcaBackend(
    { certificateAuthority: CA_ARN, template: 'EndEntityClientAuthCertificate/V1', ...different },
    {
      sdk: fake.sdk,
      clock,
      place: {
        profile: { ...DEFAULT_PROFILE, validity: 90 * DAY, ...profile },
        certificate: issuing.certificate,
        chain: [root.certificate],
      },
      pause: async (ms) => pauses.push(ms),
      limit: (ms) => (limits.push(ms), limit),
    },
  );
  return { backend, fake, pauses, limits };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('an order names CA, template, algorithm and validity, and its token follows from the request', async () => {
  const { backend, fake, pauses } = under();
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  assert.deepEqual([issued.reference, issued.chain], [ARN, CHAIN]);
  assert.deepEqual(fake.settings, [{ region: 'eu-central-1', maxAttempts: 3 }]);
  assert.deepEqual(fake.sent, [
    {
      command: 'issue',
      input: {
        CertificateAuthorityArn: CA_ARN,
        Csr: Buffer.from(requestPem(CSR)),
        SigningAlgorithm: 'SHA256WITHECDSA',
        TemplateArn: 'arn:aws:acm-pca:::template/EndEntityClientAuthCertificate/V1',
        Validity: { Type: 'DAYS', Value: 90 },
        IdempotencyToken: TOKEN,
      },
    },
    { command: 'get', input: { CertificateAuthorityArn: CA_ARN, CertificateArn: ARN } },
  ]);
  assert.deepEqual(pauses, []);
});

test('the same request is the same order to the octet, and another request has another token', async () => {
  const { backend, fake } = under();
  const [first, second] = [await backend.issue(REQUEST, ALLOW, never), await backend.issue(REQUEST, ALLOW, never)];
  assert.deepEqual(first, second);
  const orders = fake.sent.filter(({ command }) => command === 'issue');
  assert.deepEqual(orders[0], orders[1]);
  await backend.issue({ ...REQUEST, requestKey: 'ff'.repeat(32) }, ALLOW, never);
  assert.equal(fake.certificates.size, 2);
});

test('a validity that is no number of days, and the end of the CA, are a moment', async () => {
  const { backend, fake } = under({}, { validity: 36 * 3_600_000 });
  await backend.issue(REQUEST, ALLOW, never);
  await backend.issue(requestWith({ requestedValidity: { unit: 'Hours', count: 30 } }), ALLOW, never);
  const long = under({}, { validity: 20 * 365 * DAY, maxValidity: 20 * 365 * DAY });
  await long.backend.issue(REQUEST, ALLOW, never);
  const validities = [...fake.sent, ...long.fake.sent]
    .filter(({ command }) => command === 'issue')
    .map(({ input }) => input['Validity']);
  assert.deepEqual(validities, [
    { Type: 'ABSOLUTE', Value: Date.parse('2026-03-03T00:00:00Z') / 1000 },
    { Type: 'ABSOLUTE', Value: Date.parse('2026-03-02T18:00:00Z') / 1000 },
    // Five years, which is what the issuing CA of the tests has left.
    { Type: 'DAYS', Value: 5 * 365 },
  ]);
});

test('the region and the endpoint of the configuration count before those of the ARN', () => {
  const { fake } = under({ region: 'eu-west-1', endpoint: 'https://vpce.example' });
  assert.deepEqual(fake.settings, [{ region: 'eu-west-1', maxAttempts: 3, endpoint: 'https://vpce.example' }]);
});

test('a certificate that is not there yet is asked for again, and then is pending until a poll finds it', async () => {
  const { backend, fake, pauses } = under();
  fake.notYet = 2;
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.deepEqual(pauses, [250, 500]);
  fake.notYet = 100;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.deepEqual(pending, { kind: 'pending', reference: ARN, retryAfter: 30 });
  assert.deepEqual(await backend.poll!(ARN, never), pending);
  fake.notYet = 0;
  const issued = await backend.poll!(ARN, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(await backend.poll!(ARN, never), issued);
  assert.equal(fake.certificates.size, 1);
});

test('an order whose certificate cannot be read at the moment stays open', async () => {
  const { backend, fake } = under();
  fake.faults['get'] = Array.from({ length: 4 }, () => exception('ThrottlingException'));
  assert.deepEqual(await backend.issue(REQUEST, ALLOW, never), { kind: 'pending', reference: ARN, retryAfter: 30 });
});

test('an order that AWS could not carry out, and one of another CA', async () => {
  const { backend, fake } = under();
  fake.faults['get'] = [exception('RequestFailedException')];
  const failed = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([failed.code, failed.retryable], ['rejected', false]);
  const foreign = await fault(backend.poll!('4711:abc', never));
  assert.deepEqual([foreign.code, foreign.retryable], ['misconfigured', true]);
});

for (const [name, code, retryable] of [
  ['InvalidArgsException', 'invalid', false],
  ['MalformedCSRException', 'invalid', false],
  ['InvalidArnException', 'misconfigured', false],
  ['ResourceNotFoundException', 'misconfigured', false],
  ['InvalidStateException', 'unavailable', true],
  ['LimitExceededException', 'throttled', true],
  ['ThrottlingException', 'throttled', true],
  ['AccessDeniedException', 'unauthorised', true],
  ['CredentialsProviderError', 'unauthorised', true],
  ['TimeoutError', 'unknown-outcome', true],
] as const)
  test(`an order that ends with ${name} is ${code}`, async () => {
    const { backend, fake } = under();
    fake.faults['issue'] = [exception(name)];
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.equal(error.adminText, `AWS Private CA: ${name}: the words of AWS`);
  });

test('a service that cannot be reached got no order', async () => {
  const { backend, fake } = under();
  fake.faults['issue'] = [exception('Error', 'connect ECONNREFUSED', 'ECONNREFUSED')];
  assert.equal((await fault(backend.issue(REQUEST, ALLOW, never))).code, 'unavailable');
});

test('each call has 30 seconds with all that the SDK repeats, and an order without an answer in them is unknown', async () => {
  const limit = AbortSignal.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  const { backend, fake, limits } = under({}, {}, limit);
  fake.faults['issue'] = [exception('AbortError', 'Request aborted')];
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable, limits], ['unknown-outcome', true, [30_000]]);
  assert.match(error.adminText, /^AWS Private CA: TimeoutError: /);
});

test('after five calls in a row without an answer AWS is not called for a while; throttled ones and certificates that are not there yet do not count', async () => {
  const { backend, fake } = under();
  fake.notYet = 6;
  for (let number = 0; number < 6; number++) await backend.poll!(ARN, never);
  fake.faults['describe'] = Array.from({ length: 6 }, () => exception('ThrottlingException'));
  for (let number = 0; number < 6; number++) assert.equal((await backend.check!(never)).ok, false);
  fake.faults['describe'] = Array.from({ length: 5 }, () => exception('TimeoutError'));
  for (let number = 0; number < 5; number++) await backend.check!(never);
  const before = fake.sent.length;
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable, error.retryAfter], ['unavailable', true, 30]);
  assert.match(
    error.adminText,
    /^AWS Private CA: not called, because the last calls failed\. AWS Private CA: TimeoutError/,
  );
  assert.equal(fake.sent.length, before);
});

test('when the time of the request is over, the certificate is not answered, so that it is not revoked', async () => {
  const { backend, fake } = under();
  const caller = new AbortController();
  const reason = new Error('too late');
  const get = fake.sdk.GetCertificateCommand;
  fake.sdk.GetCertificateCommand = class extends get {
    constructor(input: ConstructorParameters<typeof get>[0]) {
      super(input);
      queueMicrotask(() => caller.abort(reason));
    }
  };
  await assert.rejects(backend.issue(REQUEST, ALLOW, caller.signal), reason);
});

const ORDER = { serial: '4d00ff', issuer: 'CN=Test Issuing', certificate: issuing.certificate, at: new Date(0) };

test('a revocation has the serial number with colons and the reason of AWS, and again is a success', async () => {
  const { backend, fake } = under();
  await backend.revoke!({ ...ORDER, reason: 'keyCompromise' }, never);
  assert.deepEqual(fake.sent, [
    {
      command: 'revoke',
      input: { CertificateAuthorityArn: CA_ARN, CertificateSerial: '4d:00:ff', RevocationReason: 'KEY_COMPROMISE' },
    },
  ]);
  fake.faults['revoke'] = [exception('RequestAlreadyProcessedException'), exception('RequestInProgressException')];
  await backend.revoke!({ ...ORDER, reason: 'keyCompromise' }, never);
  const error = await fault(backend.revoke!({ ...ORDER, reason: 'keyCompromise' }, never));
  assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
});

test('every reason of RFC 5280 has its name at AWS; it has no hold', async () => {
  const { backend, fake } = under();
  const named: Record<RevocationReason, string> = {
    unspecified: 'UNSPECIFIED',
    keyCompromise: 'KEY_COMPROMISE',
    cACompromise: 'CERTIFICATE_AUTHORITY_COMPROMISE',
    affiliationChanged: 'AFFILIATION_CHANGED',
    superseded: 'SUPERSEDED',
    cessationOfOperation: 'CESSATION_OF_OPERATION',
    certificateHold: 'UNSPECIFIED',
    privilegeWithdrawn: 'PRIVILEGE_WITHDRAWN',
    aACompromise: 'A_A_COMPROMISE',
  };
  for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
    await backend.revoke!({ ...ORDER, reason }, never);
    assert.equal(fake.sent.at(-1)!.input['RevocationReason'], named[reason]);
  }
  assert.equal(backend.capabilities?.revokeReasons?.includes('certificateHold'), false);
  assert.equal(backend.release, undefined);
});

test('its health is the status of the CA, or why it cannot be asked; closing ends the client', async () => {
  const { backend, fake } = under();
  assert.deepEqual(await backend.check!(never), { ok: true, detail: 'the CA is ACTIVE' });
  fake.status = 'DISABLED';
  assert.deepEqual(await backend.check!(never), { ok: false, detail: 'the CA is DISABLED' });
  fake.faults['describe'] = [exception('AccessDeniedException')];
  assert.deepEqual(await backend.check!(never), {
    ok: false,
    detail: 'AWS Private CA: AccessDeniedException: the words of AWS',
  });
  await backend.close!();
  assert.equal(fake.destroyed, true);
});

test('the algorithm is that of the key of the CA; a key that AWS cannot have stops the start', async () => {
  const of = async (key: { spki: Uint8Array }) => signingAlgorithm(await certificateFor(key.spki));
  assert.equal(await of(rsaKey('an RSA CA')), 'SHA256WITHRSA');
  assert.equal(await of(ecKey('a P-384 CA', 'P-384')), 'SHA384WITHECDSA');
  await assert.rejects(of(edKey('an Ed25519 CA')), { name: 'ConfigError', message: /neither RSA nor EC/ });
});

test('templates for CAs, code, OCSP and blank ones are no templates for devices', () => {
  for (const name of ['EndEntityCertificate/V1', 'EndEntityClientAuthCertificate_CSRPassthrough/V1'])
    assert.match(name, TEMPLATE);
  for (const name of [
    'BlankEndEntityCertificate_APIPassthrough/V1',
    'SubordinateCACertificate_PathLen0/V1',
    'RootCACertificate/V1',
    'CodeSigningCertificate/V1',
    'OCSPSigningCertificate/V1',
    'EndEntityClientAuthCertificate/V1\nBlank',
  ])
    assert.doesNotMatch(name, TEMPLATE);
});
