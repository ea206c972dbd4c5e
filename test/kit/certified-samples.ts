/** The samples of stores with real certificates, which a check of the store can read. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { Issuance, Store } from '../../src/core/store.ts';
import { readCertificate, readValidity, serialText, thumbprint } from '../../src/pkix/certificate.ts';
import { nameText } from '../../src/pkix/name.ts';
import { publicKeyHash } from '../../src/pkix/public-key.ts';
import { auditFor, issuanceFor, pendingFor } from '../../src/testing/store-samples.ts';
import { certificateFor, client } from './pki.ts';

const { spki } = readCertificate(client.certificate);

/** The nth issuance of the samples, with a real certificate of the serial number n. */
export async function certifiedIssuance(n: number, notification?: 'strict' | 'outbox'): Promise<Issuance> {
  const der = await certificateFor(spki, { serialNumber: Buffer.of(n) });
  const view = readCertificate(der);
  const sample = issuanceFor(n, notification && { notification });
  const certificate = {
    ...sample.certificate,
    ...readValidity(view),
    der,
    serial: serialText(view.serialNumber),
    subject: nameText(view.subject),
    thumbprint: thumbprint(der),
    thumbprintSha256: hash('sha256', der, 'hex'),
    publicKeyHash: publicKeyHash(view.spki),
  };
  return { ...sample, certificate, audit: { ...sample.audit, serial: certificate.serial } };
}

/** Records: 1 delivered, 2 revoked, 3 not delivered yet, 4 renews 1, 5 waits. */
export async function fillStore(store: Store): Promise<void> {
  const [first, second, third, fourth] = [
    await certifiedIssuance(1),
    await certifiedIssuance(2),
    await certifiedIssuance(3, 'strict'),
    await certifiedIssuance(4),
  ];
  fourth.certificate.renews = first.certificate;
  for (const each of [first, second, third, fourth]) assert.equal((await store.recordIssued(each)).kind, 'recorded');
  const revoked = { ...auditFor(2, 'revoked'), serial: '02' };
  assert.equal(await store.revoke(second.certificate, 'superseded', revoked), true);
  await store.recordPending(pendingFor(5));
}
