/** The administrator's use cases over a real store: what they return and what the audit has afterwards. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { Pend } from '../../src/core/policy.ts';
import type { Management } from '../../src/manage/administrator.ts';
import {
  canonicalSerial,
  certificateHistory,
  findCertificate,
  listCertificates,
  revokeCertificate,
} from '../../src/manage/certificates.ts';
import { revokeCertificates } from '../../src/manage/named-certificates.ts';
import { decideRequest, listRequests, type RequestFilter } from '../../src/manage/pending-requests.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { certificateId, issuanceFor, later, pendingFor } from '../../src/testing/store-samples.ts';
import { client, ra } from '../kit/pki.ts';

const AT = later(60);

async function management(t: TestContext) {
  const clock = () => AT;
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const actor = { kind: 'person', name: 'ada' } as const;
  return { store, clock, actor, source: 'cli' } satisfies Management<typeof store>;
}

test('a serial number is recognised with colons, spaces, capitals, 0x and leading zeros', () => {
  for (const [pasted, canonical] of [
    ['5F:2C:01', '5f2c01'],
    ['0x5f2c01', '5f2c01'],
    ['00 5f 2c 01', '5f2c01'],
    ['00', '00'],
    ['0000', '00'],
  ] as const)
    assert.equal(canonicalSerial(pasted), canonical);
});

async function found(by: Awaited<ReturnType<typeof management>>, serial: string) {
  const result = await findCertificate(by, serial);
  return result.kind === 'found' ? result.certificate : assert.fail(result.kind);
}

for (const [withRenewals, revoked, left] of [
  [true, ['CN=device-1', 'CN=device-2', 'CN=device-3'], []],
  [false, ['CN=device-1'], ['CN=device-2', 'CN=device-3']],
] as const)
  test(`revoke: a renewal that is made while the command runs is ${withRenewals ? 'revoked too' : 'named'}`, async (t) => {
    const by = await management(t);
    await by.store.recordIssued(issuanceFor(1));
    const renew = async (n: number) => {
      const { certificate, ...rest } = issuanceFor(n);
      await by.store.recordIssued({ ...rest, certificate: { ...certificate, renews: certificateId(n - 1) } });
    };
    let made = 1;
    const revoke: typeof by.store.revoke = async (...order) => {
      if (made < 3) await renew(++made);
      if (!withRenewals && made < 3) await renew(++made);
      return by.store.revoke(...order);
    };
    const findRenewals = by.store.findRenewals.bind(by.store);
    const result = await revokeCertificates(
      { ...by, store: { findRenewals, revoke } },
      [(await by.store.findCertificate(certificateId(1)))!],
      { reason: 'keyCompromise', withRenewals, done: () => {} },
    );
    const subjects = (some: readonly { subject: string }[]) => some.map(({ subject }) => subject);
    assert.deepEqual([subjects(result.revoked), subjects(result.renewals)], [revoked, left]);
    assert.equal((await by.store.listCertificates({ state: 'revoked' })).length, revoked.length);
  });

test('revoke: the server is to tell the CA, once for each certificate', async (t) => {
  const by = await management(t);
  await by.store.recordIssued(issuanceFor(1));
  const { certificate: revoked } = issuanceFor(1);
  for (const reason of ['keyCompromise', 'superseded'] as const) await revokeCertificate(by, revoked, reason);
  const owed = await by.store.claimRevocations({ owner: 'test', leaseMs: 1, limit: 9 });
  assert.deepEqual(
    owed.map(({ endpoint, certificate, reason, at }) => [endpoint, Buffer.from(certificate), reason, at]),
    [['/certsrv/mscep/mscep.dll', Buffer.from(revoked.der), 'keyCompromise', AT]],
  );
});

test('revoke: a certificate that cannot be read is revoked, and told to no CA', async (t) => {
  const by = await management(t);
  const issuance = issuanceFor(1);
  const certificate = { ...issuance.certificate, publicKeyHash: '' };
  await by.store.recordIssued({ ...issuance, certificate });
  assert.equal(await revokeCertificate(by, certificate, 'superseded'), true);
  assert.deepEqual(await by.store.claimRevocations({ owner: 'test', leaseMs: 1, limit: 9 }), []);
});

test('revoke: the certificate, its audit entry with actor and source, and no second revocation', async (t) => {
  const by = await management(t);
  const { certificate } = issuanceFor(1);
  await by.store.recordIssued(issuanceFor(1));
  const pasted = `0x${certificate.serial.toUpperCase()}`;
  assert.deepEqual(await found(by, pasted), certificate);
  assert.equal(await revokeCertificate(by, certificate, 'keyCompromise'), true);
  const shown = await found(by, pasted);
  assert.deepEqual([shown.state, shown.revocationReason], ['revoked', 'keyCompromise']);
  const history = await certificateHistory(by, shown);
  assert.deepEqual(history[0], {
    at: AT,
    event: 'revoked',
    endpoint: '/certsrv/mscep/mscep.dll',
    transactionId: 'transaction-1',
    issuerId: certificate.issuerId,
    serial: certificate.serial,
    actor: { kind: 'person', name: 'ada' },
    source: 'cli',
    detail: 'keyCompromise',
  });
  assert.equal(await revokeCertificate(by, certificate, 'superseded'), false);
  assert.equal((await certificateHistory(by, shown)).length, 2);
});

test('a serial number of no certificate finds nothing', async (t) => {
  const by = await management(t);
  assert.deepEqual(await findCertificate(by, '12ab'), { kind: 'unknown' });
  assert.deepEqual(await listCertificates(by, { after: '12ab' }), { kind: 'unknown' });
});

test('a serial number that two issuers used needs the issuer before it', async (t) => {
  const by = await management(t);
  const [first, second] = [issuanceFor(1), issuanceFor(2)];
  const other = { ...second.certificate, issuerId: 'ff'.repeat(32), serial: first.certificate.serial };
  await by.store.recordIssued(first);
  await by.store.recordIssued({ ...second, certificate: other });
  const { serial, issuerId } = first.certificate;
  const both = await findCertificate(by, serial);
  assert.deepEqual(both.kind === 'ambiguous' && both.certificates.map(({ issuerId }) => issuerId), [
    other.issuerId,
    issuerId,
  ]);
  assert.deepEqual(await found(by, `${issuerId}/${serial}`), first.certificate);
  assert.deepEqual(await found(by, `ffff/${serial}`), other);
});

test('a list goes on after a serial number, however it is written', async (t) => {
  const by = await management(t);
  for (const n of [1, 2]) await by.store.recordIssued(issuanceFor(n));
  const [newest, oldest] = await by.store.listCertificates({});
  const rest = await listCertificates(by, { after: newest?.serial.toUpperCase() ?? '' });
  assert.deepEqual(rest, { kind: 'listed', certificates: [oldest] });
});

const unplanned = async () => ({ refused: 'not planned here' });

/** All requests that wait. */
async function listed(by: Parameters<typeof listRequests>[0], filter?: RequestFilter) {
  const result = await listRequests(by, unplanned, filter);
  return result.kind === 'listed' ? result.requests : assert.fail(result.kind);
}

async function waiting(t: TestContext, ...reasons: Pend['reason'][]) {
  const by = await management(t);
  for (const [n, reason] of reasons.entries()) {
    const { transaction, ...rest } = pendingFor(n, { reason });
    const { csr: _csr, ...others } = transaction;
    await by.store.recordPending({ ...rest, transaction: others });
  }
  const requests = await listed(by);
  const ids = requests.map(({ id }) => id);
  return { by, ids, idOf: (n: number) => ids[n] ?? assert.fail('no such request') };
}

test('approve and reject: the request no longer waits, and the audit says when it was decided', async (t) => {
  const { by, idOf } = await waiting(t, 'approval', 'approval');
  for (const [n, decision] of (['approved', 'rejected'] as const).entries()) {
    const result = await decideRequest(by, { id: idOf(n), decision });
    assert.equal(result.kind === 'decided' && result.request.transactionId, `transaction-${n}`);
    const [entry] = await by.store.listAudit({ limit: 1 });
    assert.deepEqual([entry?.event, entry?.transactionId, entry?.at], [decision, `transaction-${n}`, AT]);
    assert.deepEqual(await decideRequest(by, { id: idOf(n), decision }), { kind: 'unknown' });
  }
  assert.deepEqual(await listed(by), []);
});

test('a request that waits for its policy can be rejected and not approved', async (t) => {
  for (const reason of ['unreachable', 'undecided'] as const) {
    const { by, idOf } = await waiting(t, reason);
    const approved = await decideRequest(by, { id: idOf(0), decision: 'approved' });
    assert.equal(approved.kind === 'policyDecides' && approved.request.reason, reason);
    assert.equal((await listed(by)).length, 1);
    assert.equal((await decideRequest(by, { id: idOf(0), decision: 'rejected' })).kind, 'decided');
  }
});

test('requests that wait: by reason and page by page, with how many there are', async (t) => {
  const { by, ids, idOf } = await waiting(t, 'unreachable', 'approval', 'unreachable', 'approval', 'approval');
  const page = async (filter: RequestFilter) => {
    const result = await listRequests(by, unplanned, filter);
    if (result.kind !== 'listed') return result;
    return [result.requests.map(({ id }) => ids.indexOf(id)), result.more];
  };
  assert.deepEqual(await page({ reason: 'approval' }), [[1, 3, 4], undefined]);
  assert.deepEqual(await page({ reason: 'issuer' }), [[], undefined]);
  assert.deepEqual(await page({ limit: 2 }), [[0, 1], { total: 5, left: 3 }]);
  assert.deepEqual(await page({ limit: 2, after: idOf(1) }), [[2, 3], { total: 5, left: 1 }]);
  assert.deepEqual(await page({ limit: 2, after: idOf(3) }), [[4], undefined]);
  assert.deepEqual(await page({ reason: 'approval', limit: 1, after: idOf(1) }), [[3], { total: 3, left: 1 }]);
  assert.deepEqual(await page({ reason: 'unreachable', after: idOf(1).slice(0, 30) }), [[2], undefined]);
  assert.deepEqual(await page({ after: 'ff00' }), { kind: 'unknown' });
  assert.deepEqual(await page({ after: '' }), { kind: 'unknown' });
});

test('of two administrators who decide at the same time, one gets `changed`', async (t) => {
  const { by, idOf } = await waiting(t, 'approval');
  const results = await Promise.all(
    (['approved', 'rejected'] as const).map((decision) => decideRequest(by, { id: idOf(0), decision })),
  );
  assert.deepEqual(results.map(({ kind }) => kind).toSorted(), ['changed', 'decided']);
});

test('a waiting request shows its key, whose key signed it, and the certificate that signed it', async (t) => {
  const by = await management(t);
  const csr = await writeCertificationRequest({ subject: nameFromText('CN=x') }, client.key);
  const signers = [hash('sha256', client.key.spki, 'hex'), 'ff'.repeat(32)];
  for (const [n, signer] of signers.entries()) {
    const { transaction, ...rest } = pendingFor(n);
    const signedBy = n === 1 ? ra.certificate : undefined;
    await by.store.recordPending({
      ...rest,
      transaction: { ...transaction, csr, signer, ...(signedBy && { signedBy }) },
    });
  }
  const requests = await listed(by);
  assert.deepEqual(
    requests.map(({ key, signerKey, signerCertificate }) => ({ key, signerKey, signerCertificate })),
    [
      { key: 'RSA 2048', signerKey: 'requested', signerCertificate: undefined },
      {
        key: 'RSA 2048',
        signerKey: 'another',
        signerCertificate: {
          serial: serialText(readCertificate(ra.certificate).serialNumber),
          subject: 'CN=Test RA',
          issuer: 'CN=Test Issuing',
          notAfter: new Date('2027-03-01T12:00:00Z'),
        },
      },
    ],
  );
});
