/**
 * A process with OCSP responders over one store: `/ocsp/p256` and `/ocsp/rsa-2048`, by the key that signs. Argument: a folder.
 * It says its port and the serial numbers of its certificates, and answers `usage` and `floor KIND` (microseconds of CPU a signature).
 */
import { randomBytes, sign } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createOcspSigner, createRoot } from '../../src/ca/create.ts';
import { signingLater } from '../../src/app/ocsp-signers.ts';
import { httpServer } from '../../src/http/http-server.ts';
import { generateKey } from '../../src/keys/software.ts';
import { ocspResponder } from '../../src/ocsp/ocsp-responder.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { issuanceNumber } from './rows.ts';

const CERTIFICATES = 5_000;
const KINDS = ['p256', 'rsa-2048'] as const;
const [folder = '.'] = process.argv.slice(2);

const clock = (): Date => new Date();
const wanted = { validity: 86_400_000, backdate: 3_600_000, clock, random: (length: number) => randomBytes(length) };
const key = generateKey('p256');
const ca = { key, certificate: await createRoot({ ...wanted, subject: 'CN=Bench', key, validity: 9e9 }) };
const { issuerId, name } = issuerIdentity(ca.certificate);

const store = await openSqliteStore({ path: join(folder, 'ocsp.db'), clock });
const serials: string[] = [];
for (let from = 0; from < CERTIFICATES; from += 500)
  await Promise.all(
    Array.from({ length: 500 }, (_, n) => {
      const { certificate, ...issuance } = issuanceNumber(from + n);
      serials.push(certificate.serial);
      return store.recordIssued({ ...issuance, certificate: { ...certificate, issuerId, issuer: name } });
    }),
  );

const keys = new Map(KINDS.map((kind) => [kind as string, generateKey(kind)]));
const responders = new Map();
for (const [kind, own] of keys) {
  const certificate = await createOcspSigner({ ...wanted, subject: 'CN=Bench OCSP', key: own }, ca);
  const signer = { certificate, key: signingLater(own) };
  const cas = [{ certificate: ca.certificate, signer: () => signer }];
  responders.set(kind, ocspResponder({ cas, store, validity: 3_600_000, maxAge: 60_000, nonIssued: 'unknown', clock }));
}
const app = await httpServer({ services: [], emit: () => {}, clock, ocsp: responders });
await app.listen({ port: 0, host: '127.0.0.1' });
const [address] = app.addresses();
const { port } = address as AddressInfo;
process.send?.({ port, serials, ca: Buffer.from(ca.certificate).toString('base64') });

const data = randomBytes(300);
process.on('message', (question: string | string[]) => {
  if (question === 'stop') process.exit(0);
  process.send?.(question === 'usage' ? process.cpuUsage() : floorOf(question[1] ?? ''));
});

function floorOf(kind: string): number {
  const own = keys.get(kind)!.privateKey;
  const count = kind === 'p256' ? 8_000 : 800;
  const { user, system } = process.cpuUsage();
  for (let n = 0; n < count; n++) sign('sha256', data, own);
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) / count;
}
