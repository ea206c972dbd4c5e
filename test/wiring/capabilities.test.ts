/** What GetCACaps promises is served, and what an endpoint does not promise is refused: asked of a running server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cipherByName } from '../../src/cms/algorithms.ts';
import { asked, deviceKey, enrolled, forged, newSubject, polled } from './device.ts';
import { certificateFile, issuingSection, next } from './files.ts';
import { CHALLENGE, shared } from './server.ts';

const policy = { static: CHALLENGE };
const server = shared({
  authorities: {
    followed: {
      ...issuingSection,
      next: { certificate: certificateFile('next.pem', next), chain: issuingSection.chain },
    },
    plain: issuingSection,
  },
  endpoints: [
    { path: '/all', authority: 'followed', policy, legacy: ['sha1', 'des3'] },
    { path: '/least', authority: 'plain', policy, renewal: false },
    { path: '/des', authority: 'plain', policy, legacy: ['des'] },
  ],
});

const withDigest = (digest: 'sha1' | 'sha256' | 'sha384' | 'sha512') => (url: string) =>
  forged(url, { signed: { digest } });
const withCipher = (name: string) => async (url: string) => {
  const cipher = cipherByName(name)!;
  return forged(url, { envelope: { cipher } });
};

/** A renewal that brings the right challenge too. */
async function renewed(url: string): Promise<string> {
  const subject = newSubject();
  const { der } = await enrolled(url, { subject });
  return (await enrolled(url, { subject, signer: { certificate: der, key: deviceKey } })).status;
}

/** What a client may do with SCEPStandard alone: SHA-256, AES and POST (RFC 8894 3.5.2), and a poll. */
async function standard(url: string): Promise<string[]> {
  const subject = newSubject();
  return [(await enrolled(url, { subject })).status, (await polled(url, { subject })).status];
}

type Promised = { ask: (url: string) => Promise<unknown>; kept: unknown };

/** The question of each keyword, and the answer where it is promised. */
const PROMISES: Readonly<Record<string, Promised>> = {
  POSTPKIOperation: { ask: (url) => forged(url), kept: 'issued' },
  Renewal: { ask: renewed, kept: 'issued' },
  GetNextCACert: { ask: async (url) => (await asked(url, 'GetNextCACert')).status, kept: 200 },
  AES: { ask: withCipher('aes-256-cbc'), kept: 'issued' },
  DES3: { ask: withCipher('des-ede3-cbc'), kept: 'issued' },
  'SHA-1': { ask: withDigest('sha1'), kept: 'issued' },
  'SHA-256': { ask: withDigest('sha256'), kept: 'issued' },
  'SHA-384': { ask: withDigest('sha384'), kept: 'issued' },
  'SHA-512': { ask: withDigest('sha512'), kept: 'issued' },
  SCEPStandard: { ask: standard, kept: ['issued', 'issued'] },
};

/** The answers where it is not promised. */
const REFUSED: Readonly<Record<string, unknown>> = {
  Renewal: 'failInfo 2',
  GetNextCACert: 404,
  DES3: 'failInfo 0',
  'SHA-1': 'failInfo 0',
};

async function promisedAt(path: string): Promise<string[]> {
  const { body } = await asked((await server()).url(path), 'GetCACaps');
  return body.toString('latin1').split('\n');
}

test('an endpoint with everything promises all that there is a question for', async () => {
  assert.deepEqual((await promisedAt('/all')).toSorted(), Object.keys(PROMISES).toSorted());
});

test('an endpoint with single DES does not promise SCEPStandard', async () => {
  const [des, least] = [await promisedAt('/des'), await promisedAt('/least')];
  assert.deepEqual(
    des.filter((keyword) => keyword !== 'Renewal').toSorted(),
    least.filter((keyword) => keyword !== 'SCEPStandard').toSorted(),
  );
});

test('an endpoint with renewal off, no next CA and nothing legacy promises only the rest', async () => {
  const rest = Object.keys(PROMISES).filter((keyword) => !(keyword in REFUSED));
  assert.deepEqual((await promisedAt('/least')).toSorted(), rest.toSorted());
});

for (const [keyword, { ask, kept }] of Object.entries(PROMISES))
  test(`${keyword} is served where it is promised`, async () => {
    assert.deepEqual(await ask((await server()).url('/all')), kept);
  });

for (const [keyword, answer] of Object.entries(REFUSED))
  test(`${keyword} is refused where it is not promised`, async () => {
    assert.deepEqual(await PROMISES[keyword]!.ask((await server()).url('/least')), answer);
  });
