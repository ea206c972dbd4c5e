/** What GetCACert hands out must be what clients check before they trust it: read by pkijs and by Node.js, not by us. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { NOW } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';
import { lab, operation, served } from './server-under-test.ts';

const CERTIFICATE_REQUEST_AGENT = '1.3.6.1.4.1.311.20.2.1';
const KEY_USAGE = '2.5.29.15';

async function bundle(t: TestContext): Promise<X509Certificate[]> {
  const { app } = await served(t, [await lab()]);
  const { rawPayload } = await app.inject(operation('GetCACert'));
  return second.certificatesOf(second.readSigned(rawPayload)).map((der) => new X509Certificate(der));
}

/** The first octet of the BIT STRING: digitalSignature is its highest bit, keyEncipherment the third. */
function keyUsageOf({ raw }: X509Certificate): number {
  const { extensions = [] } = pkijs.Certificate.fromBER(new Uint8Array(raw).buffer);
  const usage: unknown = extensions.find(({ extnID }) => extnID === KEY_USAGE)?.parsedValue;
  assert.ok(usage instanceof asn1js.BitString);
  return usage.valueBlock.valueHexView[0]!;
}

const valid = ({ validFromDate, validToDate }: X509Certificate): boolean => validFromDate <= NOW && NOW < validToDate;

test('A03 the RA is RSA, valid, no CA, may sign and encipher keys, and is an enrolment agent', async (t) => {
  const [ra] = await bundle(t);
  assert.equal(ra!.publicKey.asymmetricKeyType, 'rsa');
  assert.ok(Number(ra!.publicKey.asymmetricKeyDetails?.modulusLength) >= 2048);
  assert.ok(valid(ra!) && !ra!.ca);
  assert.equal(keyUsageOf(ra!), 0b1010_0000);
  assert.deepEqual(ra!.keyUsage, [CERTIFICATE_REQUEST_AGENT]);
});

test('A03 the RA was issued by the issuing CA that follows it', async (t) => {
  const [ra, issuing] = await bundle(t);
  assert.ok(issuing!.ca && valid(issuing!));
  assert.ok(ra!.checkIssued(issuing!) && ra!.verify(issuing!.publicKey));
});

test('A05 every certificate is issued by the next one, up to a root that issued itself', async (t) => {
  const all = await bundle(t);
  assert.ok(all.length > 1);
  for (const [i, certificate] of all.entries()) {
    const issuer = all[Math.min(i + 1, all.length - 1)]!;
    assert.ok(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey), certificate.subject);
  }
});
