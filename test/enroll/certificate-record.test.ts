/** What is recorded of a certificate that an issuer made, beside what is sent to the device. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { Issued, Issuer } from '../../src/core/issuer.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { HOUR, issuing, NOW, random, root } from '../kit/pki.ts';
import { requestMessage } from '../kit/requests.ts';
import { authority, endpointUnderTest, refusalIn, stored } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';

const MESSAGE = await requestMessage({});
const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

test('issuer, key and thumbprint are those of the certificate, and it is found by its name', async () => {
  const under = await endpointUnderTest(allows('none'));
  await under.service.pkiOperation(MESSAGE);
  const [record] = await stored(under);
  const certificate = new X509Certificate(record!.der);
  assert.equal(record!.publicKeyHash, sha256(certificate.publicKey.export({ type: 'spki', format: 'der' })));
  assert.equal(record!.thumbprintSha256, certificate.fingerprint256.replaceAll(':', '').toLowerCase());
  assert.match(record!.issuerId, /^[0-9a-f]{64}$/);
  assert.equal(record!.renews, undefined);
  const [, cn = ''] = /CN=([^,\n]+)/.exec(certificate.subject) ?? [];
  assert.deepEqual(await under.store.listCertificates({ names: [{ kind: 'cn', value: cn.toUpperCase() }] }), [record]);
});

/** The CA of the test PKI, which says that it signed with this chain. */
const withChain = (chain: readonly Uint8Array[]): Issuer => ({
  async issue(...order) {
    return { ...(await authority(() => NOW).issue(...order)), chain } as Issued;
  },
});

test('a certificate of an issuer that is not in the chain is not recorded and not sent', async () => {
  const under = await endpointUnderTest(allows('none'), { issuer: withChain([root.certificate]) });
  const answer = await under.service.pkiOperation(MESSAGE);
  assert.equal(await refusalIn(answer), 'issuer_failed');
  assert.match(String(answer.facts['detail']), /not in the chain it returned/);
  assert.deepEqual(await stored(under), []);
});

test('the issuer may stand anywhere in the chain', async () => {
  const issuer = withChain([root.certificate, issuing.certificate]);
  const under = await endpointUnderTest(allows('none'), { issuer });
  await under.service.pkiOperation(MESSAGE);
  assert.equal((await stored(under)).length, 1);
});

/** The CA of the test PKI, which adds a subjectAltName without names. */
const malformedNames: Issuer = {
  async issue({ csr }) {
    const certificate = await writeCertificate(
      {
        serialNumber: random(16),
        issuer: readCertificate(issuing.certificate).subject,
        subject: csr.subject,
        notBefore: NOW,
        notAfter: new Date(NOW.getTime() + HOUR),
        spki: csr.spki,
        extensions: [subjectAltName([])],
      },
      issuing.key,
    );
    return { kind: 'issued', certificate, chain: [issuing.certificate, root.certificate] };
  },
};

test('a certificate whose names cannot be read is not delivered', async () => {
  const under = await endpointUnderTest(allows('none'), { issuer: malformedNames });
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'issuer_failed');
  assert.deepEqual(await stored(under), []);
});
