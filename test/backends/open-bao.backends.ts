/** OpenBao itself issues and revokes for openndes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import type { BackendCall } from '../../src/backends/backend-call.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { type BackendServices, backendClient } from '../../src/backends/backend-client.ts';
import { openBaoBackend } from '../../src/backends/open-bao/open-bao-backend.ts';
import type { OpenBaoLogin, OpenBaoSettings } from '../../src/backends/open-bao/open-bao-settings.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';
import { ConfigError, IssuerError, Refusal } from '../../src/core/errors.ts';
import type { Allow } from '../../src/core/policy.ts';
import { checkCertificate } from '../../src/enroll/check-certificate.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { systemClock } from '../../src/embed/system.ts';
import { generateKey } from '../../src/keys/software.ts';
import { certificateExtensions, readCertificate, readValidity, serialText } from '../../src/pkix/certificate.ts';
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
import { isSignedBy } from '../../src/pkix/signed-by.ts';
import { type RealOpenBao, realOpenBao } from './real-open-bao.ts';

const never = new AbortController().signal;
const DAY = 86_400_000;
const ALLOW: Allow = { kind: 'allow', notify: 'none', vouchesForNames: true };
const NAMES = [
  'email:erika@example.com',
  'upn:erika;x,y@example.com',
  'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1001',
  'dns:laptop-7.example.com',
  'ip:10.1.2.3',
];

let bao: RealOpenBao;
before(async () => {
  bao = await realOpenBao();
});
after(() => bao.close());

type Made = { backend: Backend; calls: BackendCall[]; statuses: number[] };

/** A backend of this role, with the calls that it made and the statuses that came. */
function madeFor(
  role: string,
  login?: OpenBaoLogin,
  more: Partial<OpenBaoSettings> = {},
  profile: Partial<Profile> = {},
  services: Partial<BackendServices> = {},
): Made {
  const calls: BackendCall[] = [];
  const statuses: number[] = [];
  const identity = login?.kind === 'certificate' ? { identity: () => bao.identity } : {};
  const client = backendClient(
    { name: 'OpenBao', url: bao.url, ca: bao.tls, ...identity },
    { clock: systemClock, ...services },
  );
  after(client.close);
  const call: typeof client.call = async (one, signal) => {
    calls.push(one);
    const reply = await client.call(one, signal);
    statuses.push(reply.status);
    return reply;
  };
  const place = {
    profile: {
      ...DEFAULT_PROFILE,
      altNames: ['email', 'upn', 'uri', 'dns', 'ip', 'otherName', 'directory'] as const,
      ...profile,
    },
    certificate: bao.ca,
    chain: [],
  };
  const settings = {
    mount: 'pki',
    role,
    login: login ?? { kind: 'appRole', mount: 'approle', ...bao.appRole },
    ...more,
  } as const;
  return {
    calls,
    statuses,
    backend: openBaoBackend(settings, { client: { ...client, call }, clock: systemClock, place }),
  };
}

const root = (): OpenBaoLogin => ({ kind: 'token', token: bao.rootToken });

async function requestFor(subject = 'CN=Erika Müller', names: readonly string[] = NAMES): Promise<EnrollmentRequest> {
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
  return { endpoint: '/scep', transactionId: 'T', csr, signerSpki: csr.spki, requestKey: '00'.repeat(32) };
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
  const told = inspect(error, { depth: 10 });
  for (const secret of [bao.rootToken, bao.appRole.secretId, 'secret-challenge', 'PRIVATE'])
    assert.ok(!told.includes(secret), told);
  return error;
}

const LOGINS = {
  'a token': root,
  'an AppRole': () => ({ kind: 'appRole', mount: 'approle', ...bao.appRole }),
  'a client certificate': () => ({ kind: 'certificate', mount: 'cert', name: 'openndes' }),
} as const satisfies Record<string, () => OpenBaoLogin>;

for (const [what, login] of Object.entries(LOGINS))
  test(`with ${what} a certificate has exactly the key, names, usages and end that were wanted`, async () => {
    const request = await requestFor();
    const { backend } = madeFor('fleet', login());
    const { view, value, check } = await issued(backend, request);
    check();
    assert.deepEqual(Buffer.from(view.spki), Buffer.from(request.csr.spki));
    assert.equal(nameText(view.subject), 'CN=Erika Müller');
    assert.deepEqual(
      readGeneralNames(value(OID.subjectAltName))
        .map(({ type, text }) => `${type}:${text}`)
        .toSorted(),
      [
        'dns:laptop-7.example.com',
        'email:erika@example.com',
        'ip:10.1.2.3',
        'otherName:erika;x,y@example.com',
        'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1001',
      ],
    );
    assert.deepEqual(readKeyUsage(value(OID.keyUsage)), ['digitalSignature', 'keyEncipherment']);
    assert.deepEqual(readExtendedKeyUsage(value(OID.extendedKeyUsage)), ['1.3.6.1.5.5.7.3.2']);
    assert.ok(Math.abs(readValidity(view).notAfter.getTime() - Date.now() - 365 * DAY) < 120_000);
    assert.ok(isSignedBy(view, bao.ca));
  });

test('what the role appends to a subject may be in the request, or be added; nothing else is sent', async () => {
  const appends = 'O=Example GmbH,C=DE';
  const { backend } = madeFor('with-organization', root(), { appends });
  for (const subject of ['CN=Erika', 'CN=Erika,O=Example GmbH,C=DE', 'CN=Erika,O=EXAMPLE gmbh']) {
    const { view, check } = await issued(backend, await requestFor(subject, []));
    check();
    assert.equal(nameText(view.subject), 'CN=Erika,O=Example GmbH,C=DE');
  }
  const other = madeFor('fleet', root());
  for (const [subject, names] of [
    ['CN=Erika,OU=Sales', []],
    ['CN=a,CN=b', []],
    ['CN=Erika', ['email:a,b@example.com']],
  ] as const)
    await assert.rejects(
      Promise.resolve(other.backend.issue(await requestFor(subject, names), ALLOW, never)),
      (error) =>
        error instanceof Refusal &&
        error.code === 'subject_refused' &&
        /cannot be ordered at OpenBao|no e-mail address/.test(error.message),
    );
  assert.deepEqual(other.calls, []);
});

test('a role that allows less time: the certificate is shorter than ordered, and is refused', async () => {
  const { backend } = madeFor('short', root());
  const { check, view } = await issued(backend, await requestFor('CN=Erika', []));
  assert.ok(readValidity(view).notAfter.getTime() < Date.now() + 31 * DAY);
  assert.throws(check, /the issuer certified until .*, not .* as ordered/);
});

test('a name that the role does not allow is rejected, with its words', async () => {
  const error = await fault(madeFor('own-rules', root()).backend.issue(await requestFor('CN=Erika', []), ALLOW, never));
  assert.deepEqual([error.code, error.retryable], ['rejected', false]);
  assert.match(
    error.adminText,
    /^OpenBao \(127\.0\.0\.1:\d+\): pki\/sign\/own-rules: HTTP 400, .*not allowed by this role/,
  );
});

test('a role that is not there is rejected by name, and a mount that is not there is a wrong setting', async () => {
  const error = await fault(madeFor('nobody', root()).backend.issue(await requestFor('CN=Erika', []), ALLOW, never));
  assert.match(error.adminText, /unknown role: nobody/);
  const { backend } = madeFor('fleet', root(), { mount: 'elsewhere' });
  assert.equal((await fault(backend.issue(await requestFor('CN=Erika', []), ALLOW, never))).code, 'misconfigured');
});

test('a login serves many orders; a token that was withdrawn is replaced once, and the order is done', async () => {
  const { backend, calls, statuses } = madeFor('fleet');
  await issued(backend, await requestFor('CN=Erika', []));
  await issued(backend, await requestFor('CN=Erika', []));
  const paths = () => calls.splice(0).map(({ path }) => path);
  assert.deepEqual(paths(), ['/v1/auth/approle/login', '/v1/pki/sign/fleet', '/v1/pki/sign/fleet']);
  await bao.ask('POST', '/v1/sys/leases/revoke-prefix/auth/approle/login', {});
  statuses.splice(0);
  await issued(backend, await requestFor('CN=Erika', []));
  assert.deepEqual(paths(), ['/v1/pki/sign/fleet', '/v1/auth/approle/login', '/v1/pki/sign/fleet']);
  assert.deepEqual(statuses, [403, 200, 200]);
});

test('a token without the right, a secret that is wrong and a certificate that is missing are our credentials', async () => {
  const login: OpenBaoLogin = { kind: 'token', token: 'hvs.no-token-of-this-server' };
  const refused = [
    madeFor('fleet', login),
    madeFor('short'),
    madeFor('fleet', { kind: 'appRole', mount: 'approle', roleId: bao.appRole.roleId, secretId: 'wrong-secret-id' }),
    madeFor('fleet', { kind: 'certificate', mount: 'cert', name: 'nobody' }),
  ];
  for (const { backend, calls } of refused) {
    const error = await fault(backend.issue(await requestFor('CN=Erika', []), ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['unauthorised', true]);
    assert.ok(calls.length <= 2, inspect(calls.map(({ path }) => path)));
  }
});

test('a sealed OpenBao is asked again, and the order is done when it is unsealed meanwhile', async () => {
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    if (pauses.length === 2) await bao.unseal();
  };
  const { backend } = madeFor('fleet', root(), {}, {}, { pause });
  await bao.seal();
  await issued(backend, await requestFor('CN=Erika', []));
  assert.deepEqual(pauses, [500, 1000]);
});

test('an OpenBao that stays sealed is unavailable, for the next poll of the device', async () => {
  const { backend } = madeFor('fleet', root(), {}, {}, { pause: async () => undefined });
  await bao.seal();
  const error = await fault(backend.issue(await requestFor('CN=Erika', []), ALLOW, never));
  await bao.unseal();
  assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
  assert.match(error.adminText, /HTTP 503, Vault is sealed$/);
});

test('a certificate is revoked, and again; one that it does not know is an error', async () => {
  const { backend } = madeFor('fleet');
  const { serial, certificate } = await issued(backend, await requestFor('CN=Erika', []));
  const order = { serial, certificate, issuer: 'CN=Bao Root', reason: 'keyCompromise', at: new Date() } as const;
  await backend.revoke?.(order, never);
  const colons = (serial.length % 2 ? `0${serial}` : serial).replace(/..(?=.)/g, '$&:');
  const at = (await bao.ask('GET', `/v1/pki/cert/${colons}`)) as { revocation_time: number };
  assert.ok(at.revocation_time > 0);
  await backend.revoke?.(order, never);
  const error = await fault(backend.revoke?.({ ...order, serial: 'abc' }, never) ?? assert.fail());
  assert.match(error.adminText, /certificate with serial 0a:bc not found/);
});

test('its standing says what the policies of the token lack', async () => {
  assert.deepEqual(await madeFor('fleet').backend.check?.(never), { ok: true, detail: 'role fleet of pki' });
  assert.deepEqual(await madeFor('short').backend.check?.(never), {
    ok: false,
    detail: 'the policies of the token do not allow pki/sign/short',
  });
});

test('the chain is the CA', async () => {
  const chain = await madeFor('fleet').backend.chain?.(never);
  assert.deepEqual(
    chain?.map((der) => Buffer.from(der)),
    [Buffer.from(bao.ca)],
  );
});

test('a role or a mount that leads to sign-verbatim, or elsewhere, stops the start', () => {
  for (const [role, mount] of [
    ['../sign-verbatim/fleet', 'pki'],
    ['..', 'pki'],
    ['fleet', 'pki/../sys'],
    ['', 'pki'],
    ['a/b', 'pki'],
    ['fleet', 'pki/'],
    ['fleet?x', 'pki'],
    ['%2e%2e', 'pki'],
  ] as const)
    assert.throws(() => madeFor(role, root(), { mount }), ConfigError);
});
