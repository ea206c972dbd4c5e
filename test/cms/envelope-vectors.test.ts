/** Envelopes that other programs wrote, for a password and for EC keys. Each vector is a file in vectors/envelopes/. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { openAgreedEnvelope } from '../../src/cms/agreed-envelope.ts';
import { readDerOrBer } from '../../src/cms/content-info.ts';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { openPasswordEnvelope } from '../../src/cms/password-envelope.ts';
import { softwareKey } from '../../src/keys/software.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';

type Vector = { client: string; why: string; message: string; content: string } & (
  | { password: string }
  | { certificate: string; key: string }
);

const folder = join(import.meta.dirname, '..', 'vectors', 'envelopes');
const vectors = globSync('*.json', { cwd: folder }).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector,
);
const octets = (base64: string): Buffer => Buffer.from(base64, 'base64');

function envelopeOf({ message }: Vector) {
  const data = readDerOrBer(octets(message), readEnvelopedData);
  return { ...data, cipher: data.cipher! };
}

function opened(vector: Vector): Promise<Uint8Array | undefined> {
  if ('password' in vector) return openPasswordEnvelope(envelopeOf(vector), vector.password);
  const certificate = readCertificate(octets(vector.certificate));
  const key = softwareKey(createPrivateKey(vector.key));
  return openAgreedEnvelope(envelopeOf(vector), { certificate, keyIdentifier: keyIdentifier(key.spki), key });
}

test('there are vectors of both kinds', () => {
  assert.equal(vectors.filter((vector) => 'password' in vector).length, 4);
  assert.equal(vectors.filter((vector) => 'key' in vector).length, 6);
});

for (const vector of vectors)
  test(`E13 ${vector.client}: ${vector.why}`, async () => {
    assert.deepEqual(Buffer.from((await opened(vector))!), octets(vector.content));
  });

for (const vector of vectors)
  if ('password' in vector)
    test(`E13 ${vector.client}: does not open with another password: ${vector.why}`, () =>
      assert.rejects(openPasswordEnvelope(envelopeOf(vector), 'A1B2C3D4E5F60719'), DerError));
