/** The contract of a Store for certificates that another program issued. */
import assert from 'node:assert/strict';
import type { Import } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, issuanceFor, ISSUER_ID, later, namesFor, NOON } from './store-samples.ts';

const importFor = (n: number): Import => {
  const { certificate } = issuanceFor(n);
  return {
    certificate: { ...certificate, endpoint: '/scep/imported', transactionId: '', importedAt: later(9) },
    names: namesFor(n),
    audit: { ...auditFor(n, 'imported', later(9)), endpoint: '/scep/imported', transactionId: '' },
  };
};

/** Declares them. */
export function imports(check: Check): void {
  check(
    'an imported certificate is found, listed, audited and revoked like one that was issued here',
    async ({ store }) => {
      const entry = importFor(1);
      const { certificate } = entry;
      assert.equal(await store.importCertificate(entry), 'recorded');
      assert.deepEqual(await store.findCertificate(certificate), certificate);
      assert.deepEqual(await store.listCertificates({ names: [{ kind: 'cn', value: 'device-1' }] }), [certificate]);
      assert.deepEqual(await store.listAudit({ certificate }), [entry.audit]);
      assert.deepEqual(await store.endpointNames(), ['/scep/imported']);
      assert.equal(await store.revoke(certificate, 'keyCompromise', auditFor(1, 'revoked')), true);
      const listed = await store.listRevoked(ISSUER_ID, { limit: 10 });
      assert.deepEqual(
        listed.map(({ serial }) => serial),
        [certificate.serial],
      );
      assert.equal(await store.isCompromised(certificate.publicKeyHash), true);
    },
  );

  check('the same certificate again is known, also when it was issued here or is revoked', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    assert.equal(await store.importCertificate(importFor(1)), 'known');
    assert.deepEqual(await store.findCertificate(certificateId(1)), issuanceFor(1).certificate);
    assert.deepEqual(
      await Promise.all([store.importCertificate(importFor(2)), store.importCertificate(importFor(2))]),
      ['recorded', 'known'],
    );
    await store.revoke(certificateId(2), 'superseded', auditFor(2, 'revoked'));
    assert.equal(await store.importCertificate(importFor(2)), 'known');
    assert.equal((await store.findCertificate(certificateId(2)))?.state, 'revoked');
    assert.equal((await store.listAudit({})).length, 3);
  });

  check('another certificate with this issuer and serial number is a conflict', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const entry = importFor(2);
    const certificate = { ...entry.certificate, serial: certificateId(1).serial };
    assert.equal(await store.importCertificate({ ...entry, certificate }), 'conflict');
    assert.deepEqual(await store.findCertificate(certificateId(1)), issuanceFor(1).certificate);
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('an imported certificate is renewed', async ({ store }) => {
    await store.importCertificate(importFor(1));
    const renewal = issuanceFor(2);
    await recorded(store, {
      ...renewal,
      certificate: { ...renewal.certificate, renews: certificateId(1) },
      mostRenewals: 1,
    });
    assert.deepEqual(
      (await store.findRenewals(certificateId(1))).map(({ serial }) => serial),
      [certificateId(2).serial],
    );
    assert.deepEqual(
      (await store.liveIssuers(NOON)).map(({ certificates }) => certificates),
      [2],
    );
  });
}
