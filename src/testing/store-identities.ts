/** The contract of a Store for identities: issuers, names, renewed certificates, endpoints and who did what. */
import assert from 'node:assert/strict';
import type { AuditActor, AuditSource, CertificateName } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import type { Issuance } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, ENDPOINT, issuanceFor, ISSUER_ID, pendingFor } from './store-samples.ts';

const serialsOf = async (store: Store, name: CertificateName): Promise<string[]> =>
  (await store.listCertificates({ names: [name] })).map(({ serial }) => serial);

/** Declares them. */
export function identities(check: Check): void {
  names(check);
  issuers(check);
  renewals(check);
  history(check);
}

function names(check: Check): void {
  check('a certificate is found by each of its names, in any case', async ({ store }) => {
    for (const n of [1, 2]) await recorded(store, issuanceFor(n));
    const found: CertificateName[] = [
      { kind: 'cn', value: 'DEVICE-1' },
      { kind: 'upn', value: 'user1@example.COM' },
      { kind: 'intuneDeviceId', value: '0000-1' },
    ];
    for (const name of found) assert.deepEqual(await serialsOf(store, name), [certificateId(1).serial], name.value);
    const missing: CertificateName[] = [
      { kind: 'dns', value: 'device-1' },
      { kind: 'cn', value: 'device' },
      { kind: 'upn', value: '%' },
    ];
    for (const name of missing) assert.deepEqual(await serialsOf(store, name), [], name.value);
  });

  check('many names, a long one and one that is there twice', async ({ store }) => {
    const long = `${'a'.repeat(3_000)}.example.com`;
    const many = Array.from({ length: 100 }, (_, n) => ({ kind: 'dns', value: `host-${n}.example.com` }) as const);
    const twice: CertificateName[] = [
      { kind: 'dns', value: 'Twice.example.com' },
      { kind: 'dns', value: 'twice.example.com' },
    ];
    await recorded(store, { ...issuanceFor(1), names: [...many, ...twice, { kind: 'uri', value: long }] });
    await recorded(store, { ...issuanceFor(2), names: [] });
    for (const value of ['host-0.example.com', 'host-99.example.com', 'twice.example.com'])
      assert.deepEqual(await serialsOf(store, { kind: 'dns', value }), [certificateId(1).serial]);
    assert.deepEqual(await serialsOf(store, { kind: 'uri', value: long }), [certificateId(1).serial]);
  });

  check('names that differ only in half a surrogate pair, as written or where a long one is cut', async ({ store }) => {
    const long = 'a'.repeat(511);
    const values = ['x\uD800', 'x\uD801', `${long}\u{1F600}`, `${long}\u{10FFFF}`];
    await recorded(store, { ...issuanceFor(1), names: values.map((value) => ({ kind: 'cn', value })) });
    for (const value of values)
      assert.deepEqual(await serialsOf(store, { kind: 'cn', value }), [certificateId(1).serial]);
  });

  check('every endpoint name under which something was recorded is known', async ({ store }) => {
    assert.deepEqual(await store.endpointNames(), []);
    const other = issuanceFor(2);
    await recorded(store, issuanceFor(1));
    await recorded(store, { ...other, transaction: { ...other.transaction, endpoint: '/scep/other' } });
    const { transaction, ...rest } = pendingFor(3);
    await store.recordPending({ ...rest, transaction: { ...transaction, endpoint: '/scep/waiting' } });
    assert.deepEqual(await store.endpointNames(), [ENDPOINT, '/scep/other', '/scep/waiting']);
  });
}

function issuers(check: Check): void {
  const issuer = { issuerId: ISSUER_ID, name: 'CN=Issuing CA', nameDer: Buffer.of(0x30, 0) };

  check('an issuer is registered before or after its first certificate, again and again', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await store.registerIssuer({ ...issuer, keyIdentifier: Buffer.of(1), authority: 'main' });
    await store.registerIssuer(issuer);
    await recorded(store, issuanceFor(2));
    for (const n of [1, 2]) assert.deepEqual(await store.findCertificate(certificateId(n)), issuanceFor(n).certificate);
  });

  check('issuers with certificates that have not ended are counted, until the last one ends', async ({ store }) => {
    const [first, second] = [issuanceFor(1), issuanceFor(2)];
    const lastEnds = new Date(first.certificate.notAfter.getTime() + 1_000);
    await recorded(store, first);
    await recorded(store, { ...second, certificate: { ...second.certificate, notAfter: lastEnds } });
    await store.registerIssuer({ ...issuer, authority: 'main' });
    const [live, ...others] = await store.liveIssuers(first.certificate.notBefore);
    assert.deepEqual(others, []);
    assert.deepEqual([live?.issuerId, live?.authority, live?.certificates], [ISSUER_ID, 'main', 2]);
    assert.deepEqual(live?.lastEnds, lastEnds);
    assert.equal((await store.liveIssuers(first.certificate.notAfter))[0]?.certificates, 1);
    assert.deepEqual(await store.liveIssuers(lastEnds), []);
  });

  check('issuers with one name and different keys are different issuers', async ({ store }) => {
    const second = 'ee'.repeat(32);
    await store.registerIssuer({ ...issuer, keyIdentifier: Buffer.of(1) });
    await store.registerIssuer({ ...issuer, issuerId: second, keyIdentifier: Buffer.of(2) });
    await recorded(store, issuanceFor(1));
    assert.equal(await store.findCertificate({ ...certificateId(1), issuerId: second }), undefined);
    assert.ok(await store.findCertificate(certificateId(1)));
  });
}

function renewals(check: Check): void {
  check('a certificate names the one that it renews', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const renewal = issuanceFor(2);
    renewal.certificate.renews = certificateId(1);
    await recorded(store, renewal);
    assert.deepEqual(await store.findCertificate(certificateId(2)), renewal.certificate);
    assert.deepEqual((await store.findTransaction(renewal.transaction.key))?.certificate, renewal.certificate);
    assert.deepEqual((await store.listCertificates({}))[0], renewal.certificate);
    assert.equal((await store.findCertificate(certificateId(1)))?.renews, undefined);
    assert.deepEqual(await store.findRenewals(certificateId(1)), [renewal.certificate]);
    assert.deepEqual(await store.findRenewals(certificateId(2)), []);
    assert.deepEqual(await store.findRenewals(certificateId(9)), []);
  });

  check('the renewals of a certificate that is not recorded are found and counted', async ({ store }) => {
    const foreign = { issuerId: 'ab'.repeat(32), serial: '5f01' };
    const renewalFor = (n: number): Issuance => {
      const issuance = issuanceFor(n);
      return { ...issuance, certificate: { ...issuance.certificate, renews: foreign }, mostRenewals: 2 };
    };
    for (const n of [1, 2]) await recorded(store, renewalFor(n));
    assert.deepEqual(await store.findRenewals(foreign), [renewalFor(2).certificate, renewalFor(1).certificate]);
    assert.deepEqual(await store.findCertificate(certificateId(1)), renewalFor(1).certificate);
    assert.deepEqual(await store.recordIssued(renewalFor(3)), { kind: 'renewed' });
    for (const other of [{ serial: '5f02' }, { issuerId: 'cd'.repeat(32) }])
      assert.deepEqual(await store.findRenewals({ ...foreign, ...other }), []);
  });

  check('of the renewals of one certificate no more are recorded than allowed', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const renewalFor = (n: number): Issuance => {
      const issuance = issuanceFor(n);
      return { ...issuance, certificate: { ...issuance.certificate, renews: certificateId(1) }, mostRenewals: 2 };
    };
    for (const n of [2, 3]) await recorded(store, renewalFor(n));
    await store.revoke(certificateId(3), 'superseded', auditFor(3, 'revoked'));
    assert.deepEqual(await store.recordIssued(renewalFor(4)), { kind: 'renewed' });
    assert.equal(await store.findCertificate(certificateId(4)), undefined);
    assert.equal((await store.recordIssued({ ...renewalFor(4), mostRenewals: 3 })).kind, 'recorded');
  });
}

function history(check: Check): void {
  const actors: [AuditActor, AuditSource][] = [
    [{ kind: 'person', name: 'ada' }, 'page'],
    [{ kind: 'program', name: 'inventory' }, 'api'],
    [{ kind: 'system' }, 'job'],
    [{ kind: 'device' }, 'scep'],
  ];
  check('the history says who did it and through what', async ({ store }) => {
    for (const [n, [actor, source]] of actors.entries()) {
      const { actor: _device, source: _scep, ...audit } = auditFor(n, 'pending');
      await store.recordPending({ ...pendingFor(n), audit: { ...audit, actor, source } });
    }
    const found = (await store.listAudit({})).toReversed().map(({ actor, source }) => [actor, source]);
    assert.deepEqual(found, actors);
  });
}
