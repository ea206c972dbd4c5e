/** A server whose CA key is elsewhere already: `init` made the rest. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createIssuingCa, createRoot } from '../../src/ca/create.ts';
import { openKey } from '../../src/app/key-ring.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { installed } from '../app/installation.ts';
import { ecKey } from '../kit/keys.ts';
import { enrolled } from '../wiring/device.ts';
import { clock, random } from '../wiring/files.ts';

/** One enrolment at a server with two threads, and `again` for the next one. Certificates are DER; empty when the device got none. */
export async function enrolledWith(t: TestContext, uri: string) {
  const { folder, config, challenge } = await installed(t);
  const key = await openKey({ uri, what: 'the key of the issuing CA' });
  const wanted = { validity: 9e9, backdate: 0, clock, random };
  const rootKey = ecKey('root of a CA elsewhere');
  const root = { key: rootKey, certificate: await createRoot({ ...wanted, subject: 'CN=Root', key: rootKey }) };
  const ca = await createIssuingCa({ ...wanted, subject: 'CN=Elsewhere', key }, root);
  await key.close?.();
  writeFileSync(join(folder, 'certs/issuing-ca.pem'), certificatePem(ca));
  writeFileSync(join(folder, 'certs/chain.pem'), certificatePem(ca, root.certificate));
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace(/key: .*issuing-ca\.key\.pem.*/, `key: "${uri}"`));
  const server = await startServer(config, { logLevel: 'silent', workers: 2 });
  t.after(() => server.close());
  const again = async (): Promise<Uint8Array> => (await enrolled(server.urls[0]!, { challenge })).der;
  return { ca, certificate: await again(), again };
}
