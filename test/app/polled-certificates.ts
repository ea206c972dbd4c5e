/** Certificates whose revocation Intune asks for, and a store that has them. */
import assert from 'node:assert/strict';
import type { Clock } from '../../src/core/environment.ts';
import type { Store } from '../../src/core/store.ts';
import { certificateImporter } from '../../src/manage/certificate-import.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { BY_COMMAND } from '../kit/endpoint-under-test.ts';
import { client as device, issuing, NOW } from '../kit/pki.ts';

const DAY = 86_400_000;

export const ISSUER = nameText(readCertificate(issuing.certificate).subject);
/** How a request names our issuer. */
export const OURS = { issuerName: ISSUER, caConfiguration: ISSUER };

const certificate = (serial: string): Promise<Uint8Array> =>
  writeCertificate(
    {
      serialNumber: Buffer.from(serial, 'hex'),
      issuer: nameFromText(ISSUER),
      subject: nameFromText(`CN=device ${serial}`),
      notBefore: NOW,
      notAfter: new Date(NOW.getTime() + DAY),
      spki: readCertificate(device.certificate).spki,
      extensions: [],
    },
    issuing.key,
  );

/** Records a certificate of our issuer for each of these serial numbers. */
export async function recordIssued(store: Store, serials: readonly string[], clock: Clock): Promise<void> {
  const cas = [{ certificate: issuing.certificate, authority: 'issuing', endpoint: 'scep' }];
  const add = await certificateImporter({ store, clock, ...BY_COMMAND }, cas);
  for (const serial of serials) assert.deepEqual(await add(await certificate(serial)), { kind: 'recorded' });
}
