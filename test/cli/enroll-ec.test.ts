/** `openndes enroll` with EC keys on either side: a signer whose key only signs, and an RA with an EC key. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { keyUsage } from '../../src/pkix/extensions.ts';
import { ecKey } from '../kit/keys.ts';
import { readByRule } from '../kit/null-wrap.ts';
import { certificateFor } from '../kit/pki.ts';
import { installed, run } from '../app/installation.ts';

test('E13 a certificate that only signs asks for another name: the reply is encrypted with the one-time password, and read', async (t) => {
  const oneTime = (config: string) => config.replace(/policy: \{ static: .*$/m, 'policy: { oneTime: { max: 5 } }');
  const { cli, folder, started } = await installed(t, oneTime);
  const { url } = await started();
  const dir = join(folder, 'laptop');
  const enroll = async (...more: string[]) => {
    const challenge = (await cli('challenge', 'new')).out.match(/[0-9A-F]{16}/)![0];
    return run('enroll', url, '--key', 'p256', '--challenge', challenge, '--out', dir, ...more);
  };
  assert.equal((await enroll('--subject', 'CN=laptop')).code, 0);
  const renamed = await enroll('--renew', dir, '--subject', 'CN=desktop');
  assert.equal(renamed.code, 0, renamed.err);
  assert.equal(new X509Certificate(readFileSync(join(dir, 'certificate.pem'))).subject, 'CN=desktop');
});

const ra = {
  key: ecKey('ra'),
  certificate: await certificateFor(ecKey('ra').spki, { extensions: [keyUsage(['keyAgreement'])] }),
};

/** The message that `enroll` sends to a server whose RA has an EC key. */
async function sent(t: TestContext, ...more: string[]): Promise<Buffer> {
  let message = Buffer.of();
  const answers: Readonly<Record<string, Uint8Array>> = {
    GetCACaps: Buffer.from('SCEPStandard\n'),
    GetCACert: ra.certificate,
  };
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (octets: Buffer) => body.push(octets));
    request.on('end', () => {
      message = Buffer.concat(body);
      const answer = answers[new URL(request.url!, 'http://localhost').searchParams.get('operation')!];
      response.writeHead(answer ? 200 : 503).end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const out = mkdtempSync(join(tmpdir(), 'openndes-enroll-'));
  t.after(() => {
    server.close();
    rmSync(out, { recursive: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scep`;
  await run('enroll', url, '--subject', 'CN=laptop', '--challenge', 'x', '--out', out, ...more);
  return message;
}

test('E13 --legacy null-wrap: an RA with an EC key that reads by the rule of BouncyCastle for .NET opens the request', async (t) => {
  const opened = readByRule(readEnvelopedData(readSignedData(await sent(t, '--legacy', 'null-wrap')).message!), ra);
  assert.equal(readCertificationRequest(opened).subjectText, 'CN=laptop');
});

test('E13 without it such an RA does not open the request', async (t) => {
  const message = await sent(t);
  assert.throws(() => readByRule(readEnvelopedData(readSignedData(message).message!), ra), /unsupported state/);
});
