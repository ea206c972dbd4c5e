/** Authorities and tenants of a started server, as each caller sees them. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { AuthorityView, DownloadedCertificate } from '../../src/actions/authority-view.ts';
import type { TenantView } from '../../src/actions/tenant-view.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { until } from '../kit/until.ts';
import { DAY, issuing, issuingSection, ra, root, secondSection } from '../wiring/files.ts';
import { CHALLENGE } from '../wiring/server.ts';
import { tenantNamed } from '../wiring/tenant.ts';
import { desk as commandLine } from './desk.ts';
import { done, runningDesk } from './running-desk.ts';

const corp = await tenantNamed('views');
const profile = {
  crl: ['http://pki.test/crl/{authority}.crl'],
  aia: { caIssuers: ['http://pki.test/aia/{authority}.cer'] },
};
const running = await runningDesk({
  authorities: {
    issuing: { ...issuingSection, ocsp: { url: 'http://pki.test/ocsp/issuing' } },
    second: secondSection,
  },
  profiles: { device: profile },
  tenants: { corp: { ...corp.section, expires: '2099-01-31' } },
  endpoints: [
    { path: '/wifi', name: 'wifi', authority: 'issuing', profile: 'device', policy: { static: CHALLENGE } },
    { path: '/corp', name: 'corp', authority: 'second', profile: 'device', policy: { intune: 'corp' } },
  ],
});
const desk = running.desk();

const hex = (fingerprint: string): string => fingerprint.replaceAll(':', '');
const shown = ({ certificate }: { certificate: Uint8Array }) => {
  const { fingerprint, fingerprint256 } = new X509Certificate(certificate);
  return { sha1: hex(fingerprint), sha256: hex(fingerprint256), colons: fingerprint };
};

const authorities = async (grant: RoleGrant): Promise<AuthorityView[]> =>
  (await done<{ authorities: AuthorityView[] }>('authorities.list', { desk, grant })).authorities;

test('an authority has its chain, its RA and its OCSP signer with thumbprints, ends and standing', async () => {
  const [view] = await authorities({ role: 'viewer' });
  assert.ok(view);
  assert.equal(view.name, 'issuing');
  assert.deepEqual(
    view.chain.map(({ role, subject, key, signature, standing }) => [role, subject, key, signature, standing]),
    [
      ['issuing CA', 'CN=Wiring Issuing', 'EC P-256', 'ECDSA with SHA-256', 'valid'],
      ['root CA', 'CN=Wiring Root', 'EC P-256', 'ECDSA with SHA-256', 'valid'],
    ],
  );
  assert.deepEqual(
    view.chain.map(({ sha1, sha256 }) => [sha1, sha256]),
    [issuing, root].map((each) => [shown(each).sha1, shown(each).sha256]),
  );
  assert.equal(view.chain[0]?.notAfter, new Date(new X509Certificate(issuing.certificate).validTo).toISOString());
  assert.deepEqual(
    view.ra.map(({ role, subject, key, automatic, sha1 }) => [role, subject, key, automatic, sha1]),
    [['RA', 'CN=Wiring RA', 'RSA 2048', false, shown(ra).sha1]],
  );
  assert.deepEqual(view.key, { kind: 'EC P-256', place: 'in a file' });
  assert.equal(view.ocsp?.path, '/ocsp/issuing');
  assert.deepEqual(
    view.ocsp?.signers.map(({ role, issuer, automatic }) => [role, issuer, automatic]),
    [['OCSP signer', 'CN=Wiring Issuing', true]],
  );
});

test('each platform has the certificate that its profiles name, written as that platform writes it', async () => {
  const [view] = await authorities({ role: 'viewer' });
  const [ca, top] = [shown(issuing), shown(root)];
  assert.deepEqual(
    view?.platforms.map(({ platform, which, sha1 }) => [platform, which, sha1]),
    [
      ['Intune', 'the issuing CA', ca.sha1],
      ['Intune', 'the root', top.sha1],
      ['Windows', 'the issuing CA', ca.sha1.toLowerCase()],
      ['Android', 'the root', top.colons],
      ['iOS, iPadOS, macOS', 'the issuing CA', ca.colons.replaceAll(':', ' ')],
      ['iOS, iPadOS, macOS', 'the root', top.colons.replaceAll(':', ' ')],
    ],
  );
});

test('a revocation list has its number and its times, as the list itself has them', async () => {
  const der = Buffer.from(await (await fetch(running.url('/crl/issuing.crl'))).arrayBuffer());
  const [view] = await authorities({ role: 'viewer' });
  const [list, ...others] = view?.lists ?? [];
  assert.deepEqual(others, []);
  assert.deepEqual(
    [list?.name, list?.path, list?.shards, list?.failure],
    ['issuing', '/crl/issuing.crl', 0, undefined],
  );
  // cRLNumber: an OBJECT IDENTIFIER, then an INTEGER in an OCTET STRING.
  const at = der.indexOf(Buffer.from('0603551d14', 'hex')) + 9;
  assert.equal(list?.number, Number(`0x${der.toString('hex', at, at + der[at - 1]!)}`));
  const lasts = Date.parse(list?.nextUpdate ?? '') - Date.parse(list?.thisUpdate ?? '');
  // A week of validity, and ten minutes for slow clocks.
  assert.equal(lasts, 7 * DAY + 600_000);
  assert.deepEqual(view?.urls, {
    crl: ['http://pki.test/crl/issuing.crl'],
    ocsp: ['http://pki.test/ocsp/issuing'],
    issuer: ['http://pki.test/aia/issuing.cer'],
  });
});

test('the certificates of a chain are downloaded as PEM and as DER', async () => {
  const { certificates } = await done<{ certificates: DownloadedCertificate[] }>('authorities.read', {
    desk,
    grant: { role: 'auditor' },
    sent: { name: 'issuing' },
  });
  assert.deepEqual(
    certificates.map(({ file: name }) => name),
    ['issuing-issuing-ca', 'issuing-root-ca'],
  );
  for (const [index, { certificate }] of [issuing, root].entries()) {
    assert.deepEqual(new Uint8Array(Buffer.from(certificates[index]!.der, 'base64')), new Uint8Array(certificate));
    assert.equal(
      new X509Certificate(certificates[index]!.pem).fingerprint,
      new X509Certificate(certificate).fingerprint,
    );
  }
});

const SEES: readonly [who: string, grant: RoleGrant, authorities: string[][], tenants: string[][]][] = [
  [
    'a viewer',
    { role: 'viewer' },
    [
      ['issuing', 'wifi'],
      ['second', 'corp'],
    ],
    [['corp', 'corp']],
  ],
  [
    'an operator',
    { role: 'operator' },
    [
      ['issuing', 'wifi'],
      ['second', 'corp'],
    ],
    [['corp', 'corp']],
  ],
  [
    'an auditor',
    { role: 'auditor' },
    [
      ['issuing', 'wifi'],
      ['second', 'corp'],
    ],
    [['corp', 'corp']],
  ],
  [
    'an admin',
    { role: 'admin' },
    [
      ['issuing', 'wifi'],
      ['second', 'corp'],
    ],
    [['corp', 'corp']],
  ],
  ['a viewer of one endpoint', { role: 'viewer', endpoints: ['wifi'] }, [['issuing', 'wifi']], []],
  ['a viewer of one authority', { role: 'viewer', authorities: ['second'] }, [['second', 'corp']], [['corp', 'corp']]],
  ['a viewer of one tenant', { role: 'viewer', tenants: ['corp'] }, [['second', 'corp']], [['corp', 'corp']]],
  ['a viewer of an endpoint that is no more', { role: 'viewer', endpoints: ['gone'] }, [], []],
];

for (const [who, grant, seen, tenants] of SEES)
  test(`${who} sees ${seen.length} authorities and ${tenants.length} tenants`, async () => {
    const all = await authorities(grant);
    assert.deepEqual(
      all.map(({ name, endpoints }) => [name, ...endpoints]),
      seen,
    );
    const found = await done<{ tenants: TenantView[] }>('tenants.list', { desk, grant });
    assert.deepEqual(
      found.tenants.map(({ name, endpoints }) => [name, ...endpoints]),
      tenants,
    );
  });

test('an authority out of reach is not found, as one that does not exist', async () => {
  const grant: RoleGrant = { role: 'viewer', endpoints: ['wifi'] };
  for (const name of ['second', 'none'])
    await assert.rejects(done('authorities.read', { desk, grant, sent: { name } }), {
      code: 'not_found',
      message: 'there is no authority of this name',
    });
});

test('a program that collects metrics sees none of it', async () => {
  const grant: RoleGrant = { role: 'metrics' };
  for (const name of ['authorities.list', 'tenants.list'])
    await assert.rejects(done(name, { desk, grant }), { code: 'forbidden' });
});

test('the command line, which has no running server, is told so', async () => {
  const on = await commandLine();
  await assert.rejects(done('tenants.list', { desk: on, grant: { role: 'admin' } }), {
    code: 'unavailable',
    message: 'only a running server knows this',
  });
});

test('a tenant has the roles in its tokens, the end of its secret, and the calls with the answers of Intune', async () => {
  const tenant = async (): Promise<TenantView> => {
    const { tenants } = await done<{ tenants: TenantView[] }>('tenants.list', { desk, grant: { role: 'viewer' } });
    return tenants[0] ?? assert.fail('no tenant');
  };
  const { status } = await corp.enrolled(running.url('/corp'));
  assert.equal(status, 'issued');
  const view = await until(async () => {
    const now = await tenant();
    return now.permissions.length === 2 && now;
  }, 'tokens for both services');
  assert.deepEqual(
    view.permissions.map(({ service, roles, missing }) => [service, roles, missing]),
    [
      ['Intune', ['scep_challenge_provider'], []],
      ['Microsoft Graph', ['Application.Read.All'], []],
    ],
  );
  assert.equal(view.credential.kind, 'client secret');
  assert.equal(view.credential.standing, 'valid');
  assert.deepEqual([view.usable, view.breaker, view.cloud], [true, 'closed', 'by its URLs']);
  assert.deepEqual(view.outbox, { waiting: 0, more: false });
  const asked = view.calls.find(({ call }) => call === 'validateRequest');
  assert.equal(asked?.result, 'Success');
  assert.match(asked?.clientRequestId ?? '', /^[\da-f-]{36}$/);
  assert.ok(view.calls.some(({ call, result }) => call === 'token' && result === 'HTTP 200'));
});

test('nothing secret of a tenant is shown: not its secret, nor a token', async () => {
  const text = JSON.stringify(await done('tenants.list', { desk, grant: { role: 'admin' } }));
  const { clientSecret } = corp.section as { clientSecret?: string };
  assert.ok(clientSecret !== undefined && clientSecret.length > 8);
  assert.ok(!text.includes(clientSecret));
  assert.doesNotMatch(text, /eyJ[\w-]{10}/);
});

test('an authority that could not be loaded is there with the reason, and its endpoint does not serve', async () => {
  const part = await runningDesk({
    authorities: { issuing: issuingSection, broken: { ...secondSection, certificate: '/none/ca.pem' } },
    profiles: { device: {} },
    endpoints: [
      { path: '/wifi', authority: 'issuing', profile: 'device', policy: { static: CHALLENGE } },
      { path: '/lost', authority: 'broken', profile: 'device', policy: { static: CHALLENGE } },
    ],
  });
  const grant: RoleGrant = { role: 'viewer' };
  const on = { desk: part.desk(), grant };
  const { authorities: all } = await done<{ authorities: AuthorityView[] }>('authorities.list', on);
  assert.deepEqual(
    all.map(({ name, chain, endpoints }) => [name, chain.length, ...endpoints]),
    [
      ['issuing', 2, '/wifi'],
      ['broken', 0, '/lost'],
    ],
  );
  assert.match(all[1]?.failure ?? '', /\/none\/ca\.pem: there is no such file/);
  const { endpoints } = await done<{ endpoints: { serves: boolean; reason?: string }[] }>('endpoints.list', on);
  assert.deepEqual(
    endpoints.map(({ serves }) => serves),
    [true, false],
  );
  assert.match(endpoints[1]?.reason ?? '', /\/none\/ca\.pem/);
  const overview = await done<{ authorities: { name: string; standing?: string; failure?: string }[] }>(
    'overview.read',
    on,
  );
  assert.deepEqual(
    overview.authorities.map(({ name, standing }) => [name, standing]),
    [
      ['issuing', 'valid'],
      ['broken', undefined],
    ],
  );
  assert.match(overview.authorities[1]?.failure ?? '', /\/none\/ca\.pem/);
});
