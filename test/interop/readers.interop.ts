/** GetCACert, SUCCESS, FAILURE and PENDING of a running server, read by other implementations of CMS. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ClientContext, discover, enroll } from '../../src/client/scep-client.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { type Decides, STATIC_CHALLENGE } from './kit/endpoints.ts';
import { type Installation, install } from './kit/installation.ts';
import { own } from './kit/own.ts';
import { type Answers, READERS } from './kit/readers.ts';
import type { Server } from './kit/server.ts';

let installation: Installation;
let server: Server;
let answers: Answers;
before(async () => {
  installation = await install('rsa-2048');
  server = await installation.serve();
  answers = { dir: mkdtempSync(join(installation.dir, 'answers-')), chain: installation.chain };
  await collect(answers.dir);
});
after(async () => {
  assert.equal(await server.stop(), 0);
  await installation.remove();
});

const key = generateKey('rsa-2048');
const subject = nameFromText('CN=reader,O=Test');
const clock = (): Date => new Date();
const random = (length: number): Uint8Array => randomBytes(length);

/** Writes every answer, and what it is read with, to a folder. */
async function collect(dir: string): Promise<void> {
  writeFileSync(join(dir, 'client.key.pem'), privateKeyPem(key.privateKey));
  copyFileSync(installation.ra, join(dir, 'ra.pem'));
  // The last one is SUCCESS: the client signs each with another certificate, and reads the answer with that.
  await answer('approval', STATIC_CHALLENGE, 'pending');
  await answer('static', 'wrong', 'failure');
  await answer('static', STATIC_CHALLENGE, 'success');

  /** The octets of a CertRep in a file of its name, and those of GetCACert. */
  async function answer(decides: Decides, challenge: string, status: string): Promise<void> {
    const kept: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const octets = Buffer.from(await response.clone().arrayBuffer());
      if (init?.body instanceof Buffer) {
        const [signer] = readSignedData(init.body).certificates;
        writeFileSync(join(dir, 'client.pem'), certificatePem(signer!));
        writeFileSync(join(dir, status), octets);
      }
      if (response.url.includes('GetCACert')) writeFileSync(join(dir, 'cacert'), octets);
      return response;
    };
    const context: ClientContext = { fetch: kept, clock, random };
    const found = await discover(server.urlFor(own, decides), context);
    const reply = await enroll(found, { subject, challenge, key }, context);
    assert.equal(reply.status, status);
  }
}

for (const [name, reader] of Object.entries(READERS)) {
  test(`A01 ${name} finds RA, issuing CA and root in GetCACert`, async () => {
    assert.equal(await reader.certificates(answers), 3);
  });
  for (const [what, found] of Object.entries({
    success: 'certificates 1',
    failure: 'content 00',
    pending: 'content 00',
  }))
    test(`R03 ${name} reads ${what.toUpperCase()}`, async () => {
      const read = await reader.message(answers, what);
      assert.equal(read, ['GnuTLS', 'NSS'].includes(name) ? 'read' : found);
    });
}
