/** A CA product behind the rules of a profile: what it is not asked for, and whose certificates are taken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CaProduct, checkedIssuer } from '../../src/ca/checked-issuer.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';
import { ConfigError, IssuerError, Refusal } from '../../src/core/errors.ts';
import type { IssuerCapabilities } from '../../src/core/issuer.ts';
import { extendedKeyUsage } from '../../src/pkix/extensions.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { authority, DAY, issuing, NOW, request, root } from './authority-under-test.ts';

const local = authority();
const NEVER = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;
const ALL: IssuerCapabilities = { sanFromCsr: true, validityOverride: true };

/** A product that issues with the CA of the tests, sends no chain, and counts what it is asked. */
function product(more: Partial<CaProduct> = {}) {
  const asked: string[] = [];
  const all: CaProduct = {
    backend: 'fake',
    capabilities: ALL,
    async issue(...order) {
      asked.push(order[0].csr.subjectText);
      return { ...(await local.issue(...order)), chain: [] };
    },
    ...more,
  };
  return { asked, all };
}

const checked = (all: CaProduct, profile: Partial<Profile> = {}, take = () => 0): CaProduct =>
  checkedIssuer({
    product: all,
    certificate: issuing.certificate,
    chain: [root.certificate],
    profile: { ...DEFAULT_PROFILE, name: 'device', ...profile },
    clock: () => NOW,
    take,
  });

const requestFor = async (subject: string) => sampleRequest({ csr: await request({ subject }) });

test('a certificate has the pinned chain when the product sends none, its end as ordered, and the name of the profile', async () => {
  const { all } = product();
  const answer = await checked(all).issue(await requestFor('CN=device'), ALLOW, NEVER);
  assert.ok(answer.kind === 'issued');
  assert.deepEqual(answer.chain, [issuing.certificate, root.certificate]);
  assert.equal(answer.profile, 'device');
  assert.equal(answer.wantedEnd?.getTime(), NOW.getTime() + 365 * DAY);
});

test('of a product that decides about the validity, the end of the profile is the latest one', async () => {
  const { all } = product({ capabilities: { sanFromCsr: true } });
  const profile = { validity: 365 * DAY, maxValidity: 365 * DAY };
  const answer = await checked(all, profile).issue(await requestFor('CN=device'), ALLOW, NEVER);
  assert.ok(answer.kind === 'issued');
  assert.equal(answer.wantedEnd, undefined);
  assert.equal(answer.latestEnd?.getTime(), NOW.getTime() + 365 * DAY);
});

test('a request with a purpose beyond the profile is not sent to the product, which would certify it', async () => {
  const { all, asked } = product();
  const csr = await request({ extensions: [extendedKeyUsage(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'])] });
  await assert.rejects(checked(all).issue(sampleRequest({ csr }), ALLOW, NEVER), Refusal);
  assert.deepEqual(asked, []);
});

test('what is polled and found has the pinned chain too, and the limits of the profile', async () => {
  const { all } = product();
  const order = await all.issue(await requestFor('CN=device'), ALLOW, NEVER);
  assert.ok(order.kind === 'issued');
  const slow = checked(product({ poll: async () => order, find: async () => order }).all);
  for (const answer of [await slow.poll?.('a', NEVER), await slow.find?.(await requestFor('CN=device'), NEVER)])
    assert.deepEqual(answer?.kind === 'issued' && [answer.chain, answer.latestEnd?.getTime(), answer.allowedPurposes], [
      [issuing.certificate, root.certificate],
      NOW.getTime() + 730 * DAY,
      ['1.3.6.1.5.5.7.3.2'],
    ]);
});

test('a request that the profile refuses is not sent to the product', async () => {
  const { all, asked } = product();
  const limited = checked(all, { names: { subject: 'CN=lab-*' } });
  await assert.rejects(limited.issue(await requestFor('CN=device'), ALLOW, NEVER), Refusal);
  await limited.issue(await requestFor('CN=lab-1'), ALLOW, NEVER);
  assert.deepEqual(asked, ['CN=lab-1']);
});

test('a request beyond the rate of the profile waits, and is not sent to the product', async () => {
  const { all, asked } = product();
  const rate = { most: 1, per: 3_600_000, memory: new BigInt64Array(1) };
  const limited = checked(all, { rate }, () => 5_000);
  await assert.rejects(
    limited.issue(await requestFor('CN=device'), ALLOW, NEVER),
    (error: unknown) => error instanceof IssuerError && error.code === 'throttled' && error.retryAfter === 5,
  );
  assert.deepEqual(asked, []);
});

test('what a product can do beside issuing can be called without the product', async () => {
  class Product {
    readonly backend = 'vendor';
    readonly capabilities = ALL;
    readonly #revoked: string[] = [];
    issue(...order: Parameters<CaProduct['issue']>) {
      return local.issue(...order);
    }
    async revoke({ serial }: Parameters<NonNullable<CaProduct['revoke']>>[0]): Promise<void> {
      this.#revoked.push(serial);
    }
    async check() {
      return { ok: this.#revoked.length === 1, detail: this.#revoked.join() };
    }
  }
  const { backend, revoke, check, poll, find, release } = checked(new Product());
  const order = { serial: '0a', issuer: 'CN=a', certificate: Uint8Array.of(), reason: 'superseded', at: NOW } as const;
  await revoke?.(order, NEVER);
  assert.deepEqual([backend, await check?.(NEVER)], ['vendor', { ok: true, detail: '0a' }]);
  assert.deepEqual([poll, find, release], [undefined, undefined, undefined]);
});

test('a product is never trusted to sign in this process', () => {
  const { all } = product({ capabilities: { ...ALL, signsHere: true } });
  assert.deepEqual(checked(all).capabilities, ALL);
});

/** The profile, what the product can do, and the error. */
const LACKING: readonly [Partial<Profile>, IssuerCapabilities, string][] = [
  [
    {},
    { sanFromCsr: true },
    'the profile device has `validity`, and the CA decides by itself how long a certificate is valid. Write `validity: 730d` and `maxValidity: 730d`, or both as the CA certifies: a certificate that is valid for longer is refused.',
  ],
  [
    {},
    { validityOverride: true },
    'the profile device has `subjectAltName`, and the CA takes no subjectAltName of a request. Write `subjectAltName: []`: a request that has one is then refused.',
  ],
  [
    { subject: { append: 'O=Contoso' } },
    ALL,
    'the profile device has `subject.append`, and the CA certifies the subject of the request and appends nothing to it. Remove `subject.append` from the profile, and have the CA write it itself.',
  ],
  [{ crl: ['http://a/b.crl'] }, ALL, unwritten('crl')],
  [{ authorityInfoAccess: { ocsp: ['http://a'] } }, ALL, unwritten('aia')],
  [{ sid: 'uri' }, ALL, unwritten('sid')],
  [{ policies: [{ oid: '1.2.3' }] }, ALL, unwritten('policies')],
  [{ template: { oid: '1.2.3', major: 1, minor: 0 } }, ALL, unwritten('template')],
  [{ tlsFeatures: ['statusRequest'] }, ALL, unwritten('tlsFeatures')],
  [{ directoryAttributes: { countryOfCitizenship: 'DE' } }, ALL, unwritten('directoryAttributes')],
  [{ extensions: [{ oid: '1.2.3', critical: false, value: Uint8Array.of(5, 0) }] }, ALL, unwritten('extensions')],
  [
    { byUsage: { signature: DEFAULT_PROFILE } },
    ALL,
    'the profile device has `profile`, and the CA has one kind of certificate for all usages of a key. Give the endpoint one profile, or an endpoint and an authority for each usage.',
  ],
];

function unwritten(key: string): string {
  return `the profile device has \`${key}\`, and the CA is not told which extensions to write. Remove \`${key}\` from the profile, and have the CA write it itself.`;
}

for (const [profile, capabilities, text] of LACKING)
  test(`what a CA cannot do does not start: ${Object.keys(profile).join() || Object.keys(capabilities).join()}`, () => {
    assert.throws(
      () => checked(product({ capabilities }).all, profile),
      (error: unknown) => error instanceof ConfigError && `${error.message}. ${error.remedy}` === text,
    );
  });

/** A profile that a CA with these abilities keeps. */
const FITTING: readonly [string, Partial<Profile>, IssuerCapabilities][] = [
  ['one validity, which the CA decides', { validity: 30 * DAY, maxValidity: 30 * DAY }, { sanFromCsr: true }],
  ['the subjectAltName as a parameter', {}, { sanFromRequest: true, validityOverride: true }],
  ['no subjectAltName', { altNames: [] }, { validityOverride: true }],
  ['what the CA appends by itself', { subject: { append: 'O=Contoso' } }, { ...ALL, appends: 'O=Contoso' }],
  ['a subject as a parameter', { subject: { append: 'O=Contoso' } }, { ...ALL, subjectFromRequest: true }],
];
for (const [name, profile, capabilities] of FITTING)
  test(`what a CA can do starts: ${name}`, () => {
    assert.ok(checked(product({ capabilities }).all, profile));
  });
