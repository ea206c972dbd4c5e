/** `openndes doctor`: what the service of a key elsewhere allows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyRing, openKey } from '../../../src/app/key-ring.ts';
import { loadSettings } from '../../../src/app/settings.ts';
import { keyProbes } from '../../../src/cli/doctor/key-probes.ts';
import { issuingSection } from '../../wiring/files.ts';
import { configured } from '../../wiring/server.ts';

/** What is found about the key of the CA when it stood at a place with this scheme. */
async function found(scheme: string, bits = 256, elsewhere = true) {
  const keys = keyRing(async (place) => {
    const key = await openKey(place);
    const kind = bits === 256 ? key.kind : ({ type: 'rsa', bits } as const);
    return elsewhere && place.what === 'the key of the issuing CA'
      ? { ...key, sign: (input) => key.sign({ ...input, digest: 'sha256' }), kind, standing: () => undefined }
      : key;
  });
  const { settings } = await loadSettings(configured({ authorities: { issuing: issuingSection } }), { keys });
  const { issuing, ...others } = settings.config.authorities;
  const config = { ...settings.config, authorities: { ...others, issuing: { ...issuing!, key: `${scheme}:x` } } };
  const outcomes = await Promise.all(keyProbes({ ...settings, config }).map(async ({ run }) => run()));
  await settings.close();
  return outcomes;
}

test('the quota of a service, and what it allows', async () => {
  const [outcome] = await found('awskms');
  assert.equal(outcome?.verdict, 'PASS');
  assert.match(outcome.text, /^The key signs: a signature takes \d+ ms, and each enrolment is one\.$/);
  assert.deepEqual(outcome.details, [
    'AWS KMS: 1,000 requests per second with ECC keys, all keys of an account and region together',
    'at most 1000 enrolments per second, unless your quota is another one',
  ]);
});

test('a quota that few devices use up is a warning with the remedy', async () => {
  const [outcome] = await found('azurekms', 4096);
  assert.equal(outcome?.verdict, 'PASS-WITH-WARNINGS');
  assert.equal(outcome.text, 'The quota of the key is at most 25 enrolments per second');
  assert.match(outcome.remedy ?? '', /P-256 or P-384/);
});

test('a token has no quota, and a key in a file no row', async () => {
  const [outcome] = await found('pkcs11');
  assert.deepEqual(outcome?.details, ['No quota is known for it: ask who runs it.']);
  assert.deepEqual(await found('file', 256, false), []);
});
