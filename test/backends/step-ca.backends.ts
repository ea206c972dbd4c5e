/** step-ca itself issues and revokes for openndes. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import type { Backend } from '../../src/backends/backend.ts';
import { type BackendClient, backendClient } from '../../src/backends/backend-client.ts';
import { compactJws, jwsKey } from '../../src/backends/step-ca/jws.ts';
import { stepCaBackend } from '../../src/backends/step-ca/step-ca-backend.ts';
import type { StepCaSettings } from '../../src/backends/step-ca/step-ca-settings.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import type { Allow } from '../../src/core/policy.ts';
import { checkCertificate } from '../../src/enroll/check-certificate.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey } from '../../src/keys/software.ts';
import { certificateExtensions, readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, withoutProof, writeCertificationRequest } from '../../src/pkix/csr.ts';
import {
  extendedKeyUsage,
  findExtension,
  keyUsage,
  readExtendedKeyUsage,
  readGeneralNames,
  readKeyUsage,
  subjectAltName,
} from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { isSignedBy } from '../../src/pkix/signed-by.ts';
import { PROVISIONERS, type RealStepCa, realStepCa } from './real-step-ca.ts';

const never = new AbortController().signal;
const DAY = 86_400_000;
const ALLOW: Allow = { kind: 'allow', notify: 'none', vouchesForNames: true };
const NAMES = [
  'email:erika@example.com',
  'upn:erika@example.com',
  'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1001',
  'dns:laptop-7.example.com',
];
const SUBJECT = 'CN=Erika Müller,OU=Sales,O=Example GmbH,C=DE';

let ca: RealStepCa;
before(async () => {
  ca = await realStepCa();
});
after(() => ca.close());

/** A backend of this provisioner, as an authority with this profile has it. */
function backendFor(name: string, different: Partial<StepCaSettings> = {}, profile: Partial<Profile> = {}): Backend {
  const x5c = name === PROVISIONERS.x5c;
  const settings: StepCaSettings = {
    url: ca.url,
    provisioner: name,
    ...(x5c ? ca.ra : { key: ca.jwk, keyId: 'kid-of-the-test' }),
    ...different,
  };
  const client = backendClient({ name: 'step-ca', url: ca.url, ca: certificatePem(ca.root) }, { clock: systemClock });
  after(client.close);
  const place = {
    profile: { ...DEFAULT_PROFILE, altNames: ['email', 'upn', 'uri', 'dns'] as const, ...profile },
    certificate: ca.issuing,
    chain: [ca.root],
  };
  return stepCaBackend(settings, { client, clock: systemClock, random: systemRandom, place });
}

async function requestFor(subject = SUBJECT, names: readonly string[] = NAMES): Promise<EnrollmentRequest> {
  const key = generateKey('rsa-2048');
  const extensions = [
    keyUsage(['digitalSignature', 'keyEncipherment']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
    ...(names.length > 0 ? [subjectAltName(names.map((text) => generalNameFromText(text)))] : []),
  ];
  const der = await writeCertificationRequest(
    { subject: nameFromText(subject), challenge: 'secret-challenge', extensions },
    key,
  );
  const csr = withoutProof(readCertificationRequest(der));
  return {
    endpoint: '/scep',
    transactionId: 'T',
    csr,
    signerSpki: csr.spki,
    requestKey: Buffer.from(systemRandom(32)).toString('hex'),
  };
}

async function issued(backend: Backend, request: EnrollmentRequest) {
  const answer = await backend.issue(request, ALLOW, never);
  assert.ok(answer.kind === 'issued');
  const view = readCertificate(answer.certificate);
  const extensions = certificateExtensions(view);
  const value = (oid: string): Uint8Array => findExtension(extensions, oid)?.value ?? assert.fail(`no ${oid}`);
  const check = () => {
    const { capabilities = {} } = backend;
    const { wantedEnd = assert.fail('no end was ordered') } = answer;
    checkCertificate({ view, csr: request.csr, now: new Date(), capabilities, decision: ALLOW, wantedEnd });
  };
  return { ...answer, view, value, check, serial: serialText(view.serialNumber) };
}

async function fault(call: Promise<unknown>): Promise<IssuerError> {
  const error = await call.then(
    () => assert.fail('it did not fail'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof IssuerError, inspect(error));
  assert.doesNotMatch(inspect(error, { depth: 10 }), /eyJ|secret-challenge|PRIVATE/);
  return error;
}

for (const provisioner of [PROVISIONERS.templated, PROVISIONERS.x5c])
  test(`a certificate of the provisioner ${provisioner} has exactly the key, names, usages and end that were wanted`, async () => {
    const request = await requestFor();
    const { view, value, chain, certificate, check } = await issued(backendFor(provisioner), request);
    check();
    assert.deepEqual(Buffer.from(view.spki), Buffer.from(request.csr.spki));
    assert.equal(nameText(view.subject), SUBJECT);
    assert.deepEqual(Buffer.from(view.subject), Buffer.from(request.csr.subject));
    assert.deepEqual(
      readGeneralNames(value(OID.subjectAltName)).map(({ type, text }) => `${type}:${text}`),
      [
        'email:erika@example.com',
        'otherName:erika@example.com',
        'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1001',
        'dns:laptop-7.example.com',
      ],
    );
    assert.deepEqual(readKeyUsage(value(OID.keyUsage)), ['digitalSignature', 'keyEncipherment']);
    assert.deepEqual(readExtendedKeyUsage(value(OID.extendedKeyUsage)), ['1.3.6.1.5.5.7.3.2']);
    const x509 = new X509Certificate(certificate);
    assert.equal(x509.ca, false);
    assert.ok(Math.abs(x509.validToDate.getTime() - Date.now() - 365 * DAY) < 120_000, x509.validTo);
    assert.ok(isSignedBy(view, ca.issuing));
    assert.deepEqual(
      chain.map((der) => Buffer.from(der)),
      [Buffer.from(ca.issuing)],
    );
  });

test('a request without a common name and without a subjectAltName of its own kinds is certified too', async () => {
  const backend = backendFor(PROVISIONERS.templated);
  const named = await issued(backend, await requestFor('OU=Sales,O=Example', []));
  assert.equal(nameText(named.view.subject), 'OU=Sales,O=Example');
  const upnOnly = await issued(backend, await requestFor('CN=Erika', ['upn:erika@example.com']));
  assert.deepEqual(
    readGeneralNames(upnOnly.value(OID.subjectAltName)).map(({ text }) => text),
    ['erika@example.com'],
  );
});

test('the template of step-ca leaves out names: its certificate is refused, and its standing says so', async () => {
  const backend = backendFor(PROVISIONERS.plain);
  const { view, value, check } = await issued(backend, await requestFor());
  assert.equal(nameText(view.subject), 'CN=Erika Müller');
  assert.throws(check, /the issuer certified another subject: "CN=Erika Müller"/);
  assert.doesNotMatch(
    readGeneralNames(value(OID.subjectAltName))
      .map(({ type }) => type)
      .join(),
    /otherName/,
  );
  const standing = await backend.check?.(never);
  assert.deepEqual(standing, {
    ok: false,
    detail:
      'the provisioner has not the template of openndes (deploy/step-ca/openndes.tpl), so that step-ca leaves out names',
  });
});

test('its standing is good, and says what is wrong', async () => {
  const { jwk } = ca;
  assert.deepEqual(await backendFor(PROVISIONERS.templated).check?.(never), {
    ok: true,
    detail: 'provisioner "openndes"',
  });
  assert.deepEqual(await backendFor(PROVISIONERS.x5c).check?.(never), {
    ok: true,
    detail: 'provisioner "registration"',
  });
  const standing = async (name: string, different: Partial<StepCaSettings>) =>
    (await backendFor(name, different).check?.(never))?.detail;
  assert.equal(await standing('nobody', { key: jwk }), 'step-ca has no JWK provisioner "nobody"');
  assert.match(
    String(await standing(PROVISIONERS.templated, { keyId: undefined })),
    /^the provisioner "openndes" has the key kid-of-the-test, and openndes has [\w-]{43}$/,
  );
});

test('the chain is the issuing CA, then the root', async () => {
  const chain = await backendFor(PROVISIONERS.templated).chain?.(never);
  assert.deepEqual(
    chain?.map((der) => Buffer.from(der)),
    [ca.issuing, ca.root].map((der) => Buffer.from(der)),
  );
});

/** A token that is signed by the provisioner, with these claims in place of the right ones. */
function signedToken(claims: object): string {
  const now = Math.floor(Date.now() / 1000);
  return compactJws(
    jwsKey(ca.jwk),
    { typ: 'JWT', kid: 'kid-of-the-test' },
    {
      iss: PROVISIONERS.templated,
      aud: `${ca.url}/1.0/sign`,
      sub: 'Erika',
      jti: Buffer.from(systemRandom(16)).toString('hex'),
      nbf: now,
      iat: now,
      exp: now + 60,
      ...claims,
    },
  );
}

/** What becomes of an order that has these fields in place of its own. */
async function refusalOf(json: object): Promise<IssuerError> {
  const { client } = recording();
  const call: typeof client.call = (one, signal) => client.call({ ...one, json: { ...one.json, ...json } }, signal);
  return fault(templated({ ...client, call }).issue(await requestFor('CN=Erika', []), ALLOW, never));
}

test('a token that was used is refused as our credentials are', async () => {
  const { client, calls } = recording();
  assert.equal((await templated(client).issue(await requestFor('CN=Erika', []), ALLOW, never)).kind, 'issued');
  const used = ((calls[0] ?? assert.fail()).json as { ott: string }).ott;
  const error = await refusalOf({ ott: used });
  assert.deepEqual([error.code, error.retryable], ['unauthorised', true]);
  assert.match(error.adminText, /^step-ca \(localhost:\d+\): sign: HTTP 401/);
});

/** A client that keeps what it sent and which statuses came. */
function recording() {
  const calls: { json?: object }[] = [];
  const statuses: number[] = [];
  const client = backendClient({ name: 'step-ca', url: ca.url, ca: certificatePem(ca.root) }, { clock: systemClock });
  after(client.close);
  const call: typeof client.call = async (one, signal) => {
    calls.push(one);
    const reply = await client.call(one, signal);
    statuses.push(reply.status);
    return reply;
  };
  return { calls, statuses, client: { ...client, call } };
}

const templated = (client: BackendClient): Backend =>
  stepCaBackend(
    { url: ca.url, provisioner: PROVISIONERS.templated, key: ca.jwk, keyId: 'kid-of-the-test' },
    {
      client,
      clock: systemClock,
      random: systemRandom,
      place: { profile: DEFAULT_PROFILE, certificate: ca.issuing, chain: [ca.root] },
    },
  );

for (const [what, ott, code] of [
  ['for another audience', () => signedToken({ aud: 'https://other.example/1.0/sign' }), 'unauthorised'],
  ['of another provisioner', () => signedToken({ iss: 'nobody' }), 'unauthorised'],
  ['that has expired', () => signedToken({ exp: Math.floor(Date.now() / 1000) - 600 }), 'unauthorised'],
  ['for another request', () => signedToken({ cnf: { 'x5rt#S256': 'A'.repeat(43) } }), 'rejected'],
  ['for another name', () => signedToken({ sub: 'Other' }), 'rejected'],
] as const)
  test(`a token ${what} is ${code}`, async () => {
    assert.equal((await refusalOf({ ott: ott() })).code, code);
  });

test('an order with a request that cannot be read is invalid, and one with a longer time than the provisioner allows is rejected', async () => {
  assert.equal(
    (await refusalOf({ csr: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n' })).code,
    'invalid',
  );
  const error = await fault(backendFor(PROVISIONERS.short).issue(await requestFor(), ALLOW, never));
  assert.deepEqual([error.code, error.retryable], ['rejected', false]);
  assert.match(error.adminText, /more than the authorized maximum/);
});

const order = (serial: string, reason: RevocationReason, certificate: Uint8Array = new Uint8Array()) => ({
  serial,
  reason,
  issuer: 'CN=step Issuing',
  certificate,
  at: new Date(),
});

test('each reason is accepted, and a second revocation of the same certificate too', async () => {
  const backend = backendFor(PROVISIONERS.templated);
  const revoke = backend.revoke?.bind(backend) ?? assert.fail();
  for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
    const { serial, certificate } = await issued(backend, await requestFor('CN=Erika', []));
    await revoke(order(serial, reason, certificate), never);
    await revoke(order(serial, reason, certificate), never);
  }
});

test('the serial number is sent in decimal, and is the one that step-ca reads in hexadecimal', async () => {
  const { client, calls, statuses } = recording();
  const backend = templated(client);
  const { serial } = await issued(backend, await requestFor('CN=Erika', []));
  const ott = signedToken({ aud: `${ca.url}/1.0/revoke`, sub: BigInt(`0x${serial}`).toString() });
  const json = { serial: `0x${serial}`, ott, reasonCode: 1, reason: 'keyCompromise', passive: true };
  await client.call({ method: 'POST', path: '/1.0/revoke', json, idempotent: false }, never);
  await backend.revoke?.(order(serial, 'keyCompromise'), never);
  const sent = calls.at(-1)?.json as { serial: string; reasonCode: number };
  assert.match(sent.serial, /^\d+$/);
  assert.deepEqual([BigInt(sent.serial).toString(16), sent.reasonCode], [serial, 1]);
  // The second one was the same certificate.
  assert.deepEqual(statuses, [201, 200, 400]);
});

test('a revocation that is not passive, which step-ca cannot do, is a wrong setting', async () => {
  const { client } = recording();
  const active: typeof client.call = (call, signal) =>
    client.call({ ...call, json: { ...call.json, passive: false } }, signal);
  const error = await fault(
    templated({ ...client, call: active }).revoke?.(order('2a', 'superseded'), never) ?? assert.fail(),
  );
  assert.equal(error.code, 'misconfigured');
});

test('its log has no key, and no request with a challenge', () => {
  assert.match(ca.log(), /\/1\.0\/sign/);
  assert.doesNotMatch(ca.log(), /PRIVATE KEY/);
});
