import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { withoutOpenssl } from '../kit/openssl.ts';
import { client } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';
import { ALLOW, faultIn, never, revocation } from './command-under-test.ts';
import { END, exampleCa, HOUR } from './example-ca.ts';

const request = sampleRequest({ requestKey: 'cd'.repeat(32), csr: { der: CSR } });

describe('examples/command-issuer.sh', { skip: withoutOpenssl || process.platform === 'win32' }, () => {
  test('issues a certificate for the key and the names of the request, that ends in time', async () => {
    const { backend, certificate } = await exampleCa();
    const made = await backend.issue(request, ALLOW, never);
    assert.ok(made.kind === 'issued');
    assert.deepEqual(made.chain, [Buffer.from(certificate)]);
    assert.equal(made.reference, 'cd'.repeat(32));
    const leaf = new X509Certificate(made.certificate);
    assert.ok(leaf.verify(new X509Certificate(certificate).publicKey));
    assert.deepEqual(leaf.publicKey.export({ type: 'spki', format: 'der' }), Buffer.from(client.key.spki));
    assert.deepEqual(
      { subject: leaf.subject, names: leaf.subjectAltName, ca: leaf.ca, usages: leaf.keyUsage },
      {
        subject: 'O=Example\nCN=device-1',
        names: 'DNS:device-1.example.com',
        ca: false,
        usages: ['1.3.6.1.5.5.7.3.2'],
      },
    );
    const early = END.getTime() - leaf.validToDate.getTime();
    assert.ok(early >= 0 && early < 25 * HOUR, leaf.validTo);
  });

  test('gives the certificate of an order again, and finds it', async () => {
    const { backend } = await exampleCa();
    assert.equal(await backend.find?.(request, never), undefined);
    const made = await backend.issue(request, ALLOW, never);
    assert.deepEqual(await backend.issue(request, ALLOW, never), made);
    assert.deepEqual(await backend.find?.(request, never), made);
  });

  test('writes a revocation down once', async () => {
    const { backend, place } = await exampleCa();
    await backend.revoke(revocation, never);
    await backend.revoke(revocation, never);
    assert.equal(readFileSync(join(place, 'revoked.txt'), 'utf8'), '1a2b3c keyCompromise 2026-03-01T12:00:00.000Z\n');
  });

  test('refuses a request that is none, and keeps nothing', async () => {
    const { backend, place } = await exampleCa();
    const fault = await faultIn(
      backend.issue({ ...request, csr: { ...request.csr, der: Buffer.of(5) } }, ALLOW, never),
    );
    assert.equal(fault?.code, 'invalid');
    assert.equal(existsSync(join(place, `${request.requestKey}.pem`)), false);
  });

  test('says whether it could sign', async () => {
    const { backend, place } = await exampleCa();
    assert.deepEqual(await backend.check?.(never), { ok: true, detail: 'openssl can sign' });
    writeFileSync(join(place, 'ca.pem'), 'nothing');
    assert.deepEqual(await backend.check?.(never), {
      ok: false,
      detail: 'the command, for check: misconfigured: the certificate of the CA has expired',
    });
  });
});
