/** The contract of a Store for lists of certificates: each condition of the filter, alone and together, and their number. */
import assert from 'node:assert/strict';
import type { CertificateFilter, Store } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, issuanceFor, later, NOON } from './store-samples.ts';

/** Digits after `ab`, one serial number for each of the certificates 1 to 4. */
const SERIALS = ['ab01', 'ab0100', 'ab02', 'ac01'];
const DAYS = 86_400;

/** Four certificates: the nth ends n days after NOON, and has the nth of `SERIALS`. */
async function fill(store: Store): Promise<void> {
  for (const [index, serial] of SERIALS.entries()) {
    const issuance = issuanceFor(index + 1);
    const certificate = { ...issuance.certificate, serial, notAfter: later((index + 1) * DAYS) };
    await recorded(store, { ...issuance, certificate });
  }
}

/** Which of the four, by number, and whether the count agrees. */
async function found(store: Store, filter: CertificateFilter): Promise<number[]> {
  const numbers = (await store.listCertificates(filter)).map(({ serial }) => SERIALS.indexOf(serial) + 1);
  const { limit: _, ...unlimited } = filter;
  assert.equal(await store.countCertificates(filter), (await store.listCertificates(unlimited)).length);
  return numbers;
}

/** Declares them. */
export function lists(check: Check): void {
  check('certificates are found by either thumbprint, in any case, and by the whole of it only', async ({ store }) => {
    await fill(store);
    const { thumbprint, thumbprintSha256 } = issuanceFor(2).certificate;
    for (const text of [thumbprint, thumbprint.toLowerCase(), thumbprintSha256, thumbprintSha256.toUpperCase()])
      assert.deepEqual(await found(store, { thumbprint: text }), [2], text);
    assert.deepEqual(await found(store, { thumbprint: thumbprint.slice(0, 39) }), []);
    assert.deepEqual(await found(store, { thumbprint: `${thumbprintSha256.slice(0, 39)}f` }), []);
  });

  check('certificates are found by the beginning of their serial number', async ({ store }) => {
    await fill(store);
    assert.deepEqual(await found(store, { serialPrefix: 'ab' }), [3, 2, 1]);
    assert.deepEqual(await found(store, { serialPrefix: 'ab01' }), [2, 1]);
    assert.deepEqual(await found(store, { serialPrefix: 'ab0100' }), [2]);
    assert.deepEqual(await found(store, { serialPrefix: 'ab010000' }), []);
    assert.deepEqual(await found(store, { serialPrefix: 'b' }), []);
  });

  check('certificates are found by the beginning of a common name, in any case', async ({ store }) => {
    await fill(store);
    await recorded(store, { ...issuanceFor(5), names: [{ kind: 'cn', value: 'Größe \u{1f511}-1' }] });
    assert.deepEqual(await found(store, { cn: 'DEVICE-' }), [4, 3, 2, 1]);
    assert.deepEqual(await found(store, { cn: 'device-2' }), [2]);
    assert.deepEqual(await found(store, { cn: 'evice' }), []);
    assert.deepEqual(await found(store, { cn: 'user1' }), []);
    assert.equal((await store.listCertificates({ cn: 'gRÖSSE' })).length, 0);
    assert.equal((await store.listCertificates({ cn: 'gRÖß' })).length, 1);
    assert.equal((await store.listCertificates({ cn: 'größe \u{1f511}' })).length, 1);
    assert.equal((await store.listCertificates({ cn: '', limit: 9 })).length, 5);
  });

  check('certificates are found by their end: from a moment on, and before one', async ({ store }) => {
    await fill(store);
    assert.deepEqual(await found(store, { ends: {} }), [4, 3, 2, 1]);
    assert.deepEqual(await found(store, { ends: { from: later(3 * DAYS) } }), [4, 3]);
    assert.deepEqual(await found(store, { ends: { before: later(3 * DAYS) } }), [2, 1]);
    assert.deepEqual(await found(store, { ends: { from: later(2 * DAYS), before: later(3 * DAYS) } }), [2]);
    assert.deepEqual(await found(store, { ends: { before: NOON } }), []);
  });

  check('any one of several names is enough, and a certificate with two of them is there once', async ({ store }) => {
    await fill(store);
    const cn = (value: string) => ({ kind: 'cn', value }) as const;
    const upn = { kind: 'upn', value: 'user1@example.com' } as const;
    assert.deepEqual(await found(store, { names: [cn('device-3'), cn('device-1'), upn] }), [3, 1]);
    assert.deepEqual(await found(store, { names: [cn('device-9')] }), []);
    assert.deepEqual(await found(store, { names: [] }), []);
  });

  check('conditions apply together, page by page, and the number is that of all pages', async ({ store }) => {
    await fill(store);
    const filter = { serialPrefix: 'ab', ends: { from: later(2 * DAYS) }, subject: 'device', limit: 1 };
    assert.deepEqual(await found(store, filter), [3]);
    assert.equal(await store.countCertificates(filter), 2);
    const after = { ...certificateId(3), serial: SERIALS[2]! };
    assert.deepEqual(await found(store, { ...filter, after }), [2]);
    assert.equal(await store.countCertificates({ ...filter, after }), 1);
    await store.revoke({ ...after }, 'superseded', auditFor(3, 'revoked'));
    assert.deepEqual(await found(store, { ...filter, state: 'delivered' }), [2]);
    assert.equal(await store.countCertificates({ state: 'revoked' }), 1);
  });

  check('the moment of an import is kept', async ({ store }) => {
    const issuance = issuanceFor(1);
    const certificate = { ...issuance.certificate, importedAt: later(5) };
    await recorded(store, { ...issuance, certificate });
    assert.deepEqual(await store.findCertificate(certificate), certificate);
  });
}
