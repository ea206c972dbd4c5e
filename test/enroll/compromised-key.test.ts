/** A key that was revoked as compromised is never certified again, in whatever form a certificate has it. */
import assert from 'node:assert/strict';
import { ECDH } from 'node:crypto';
import { test } from 'node:test';
import { bitString, oid, sequence } from '../../src/asn1/writer.ts';
import type { Issuer } from '../../src/core/issuer.ts';
import { certificateImporter } from '../../src/manage/certificate-import.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { readKey } from '../../src/pkix/public-key.ts';
import {
  BY_COMMAND,
  endpointUnderTest,
  PATH,
  refusalIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { DAY, HOUR, issuing, NOW, random } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { requestMessage } from '../kit/requests.ts';

const rsa = rsaKey('compromised');
const ec = ecKey('compromised');
const point = ECDH.convertKey(readKey(ec.spki).key, 'prime256v1', undefined, undefined, 'compressed') as Buffer;
/** The same key as its standard form, which requests have. */
const FORMS = [
  ['RSA without NULL parameters', rsa, sequence(sequence(oid(OID.rsaEncryption)), bitString(readKey(rsa.spki).key))],
  ['EC with a compressed point', ec, sequence(sequence(oid(OID.ecPublicKey), oid(OID.p256)), bitString(point))],
] as const;

const SUBJECT = nameFromText('CN=laptop');
const certificateWith = (spki: Uint8Array): Promise<Uint8Array> =>
  writeCertificate(
    {
      serialNumber: Buffer.of(0x0a, ...random(4)),
      issuer: readCertificate(issuing.certificate).subject,
      subject: SUBJECT,
      notBefore: new Date(NOW.getTime() - HOUR),
      notAfter: new Date(NOW.getTime() + DAY),
      spki,
      extensions: [],
    },
    issuing.key,
  );

/** Revokes the one certificate, and asks for another one for its key. */
async function isRefusedAfterRevocation(at: Under, key: typeof rsa): Promise<void> {
  const [certificate] = await stored(at);
  await revoke(at.store, certificate!, 'keyCompromise');
  const content = await writeCertificationRequest({ subject: nameFromText('CN=another laptop') }, key);
  const answer = await at.service.pkiOperation(await requestMessage({ content }));
  assert.equal(await refusalIn(answer), 'key_compromised');
}

for (const [form, key, spki] of FORMS) {
  test(`a compromised key is not certified again: ${form} in a certificate that was imported`, async () => {
    const at = await endpointUnderTest(allows('none'));
    const importer = await certificateImporter({ store: at.store, clock: at.clock, ...BY_COMMAND }, [
      { certificate: issuing.certificate, authority: 'issuing', endpoint: PATH },
    ]);
    assert.deepEqual(await importer(await certificateWith(spki)), { kind: 'recorded' });
    await isRefusedAfterRevocation(at, key);
  });

  test(`a compromised key is not certified again: ${form} in a certificate of an issuer that writes it so`, async () => {
    const issuer: Issuer = {
      issue: async () => ({ kind: 'issued', certificate: await certificateWith(spki), chain: [issuing.certificate] }),
    };
    const at = await endpointUnderTest(allows('none'), { issuer });
    const content = await writeCertificationRequest({ subject: SUBJECT }, key);
    assert.equal((await at.service.pkiOperation(await requestMessage({ content }))).outcome, 'issued');
    await isRefusedAfterRevocation(at, key);
  });
}
