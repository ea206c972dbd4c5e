import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCommand } from '../../src/app/command-run.ts';
import { commandBackend } from '../../src/backends/command/command-backend.ts';
import { createRoot } from '../../src/ca/create.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { rsaKey } from '../kit/keys.ts';
import { withoutOpenssl } from '../kit/openssl.ts';
import { client } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';
import { ALLOW, faultIn, folder, never, revocation, settings } from './command-under-test.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/command-issuer.sh');
const HOUR = 3_600_000;
const NOT_AFTER = new Date(systemClock().getTime() + 100 * 24 * HOUR);
const request = sampleRequest({ requestKey: 'cd'.repeat(32), csr: { der: CSR } });

let places = 0;

/** A CA of its own in a folder of its own, called by the example. */
async function exampleCa() {
  const place = join(folder, `example-${++places}`);
  mkdirSync(place);
  const key = rsaKey('example ca');
  const subject = { subject: 'CN=Example CA', validity: 1000 * 24 * HOUR, backdate: HOUR, key };
  const certificate = await createRoot({ ...subject, clock: systemClock, random: systemRandom });
  writeFileSync(join(place, 'ca.pem'), new X509Certificate(certificate).toString());
  writeFileSync(join(place, 'ca.key'), privateKeyPem(key.privateKey));
  const backend = commandBackend(
    { ...settings, argv: [EXAMPLE, place], operations: ['issue', 'find', 'revoke', 'check'] },
    { run: runCommand, limit: (ms) => AbortSignal.timeout(ms), chain: [certificate], notAfter: () => NOT_AFTER },
  );
  return { place, certificate, backend };
}

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
    const early = NOT_AFTER.getTime() - leaf.validToDate.getTime();
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
