/** The revocation list of an issuing CA: its entries, when a new one is signed, and its numbers. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as pkijs from 'pkijs';
import { revocationList } from '../../src/revocation/revocation-list.ts';
import type { RevocationReason } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import { issuing } from '../kit/pki.ts';

const DAY = 86_400_000;
const { issuerId: ISSUER_ID, name: ISSUER } = issuerIdentity(issuing.certificate);

async function underTest(t: TestContext, wrap: (store: Store) => Store = (store) => store) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const list = revocationList({
    issuer: issuing,
    store: wrap(store),
    validity: 7 * DAY,
    clock,
    deadline: () => AbortSignal.timeout(50),
  });
  const revoke = async (n: number, reason: RevocationReason = 'superseded', issuerId = ISSUER_ID): Promise<string> => {
    const { certificate: sample, ...issuance } = issuanceFor(n);
    const certificate = { ...sample, issuer: ISSUER, issuerId };
    await store.recordIssued({ ...issuance, certificate });
    await store.revoke(certificate, reason, { ...auditFor(n, 'revoked'), at: clock() });
    return certificate.serial;
  };
  return { clock, store, list, revoke };
}

const read = (der: Uint8Array): pkijs.CertificateRevocationList =>
  pkijs.CertificateRevocationList.fromBER(new Uint8Array(der).buffer);

const serials = (der: Uint8Array): string[] =>
  (read(der).revokedCertificates ?? []).map(({ userCertificate: { valueBlock } }) =>
    Buffer.from(valueBlock.valueHexView).toString('hex').replace(/^00/, ''),
  );

const number = (der: Uint8Array): bigint => {
  const extension = read(der).crlExtensions!.extensions.find(({ extnID }) => extnID === '2.5.29.20')!;
  return BigInt(`0x${Buffer.from(extension.extnValue.valueBlock.valueHexView.slice(2)).toString('hex')}`);
};

const thisUpdate = (der: Uint8Array): number => read(der).thisUpdate.value.getTime();

test('it has all revoked certificates of this issuer and no others', async (t) => {
  const { store, list, revoke } = await underTest(t);
  assert.deepEqual(serials(await list()), []);
  const first = await revoke(1);
  await revoke(2, 'superseded', 'another issuer of the same name');
  await store.recordIssued(issuanceFor(3));
  const second = await revoke(4, 'keyCompromise');
  assert.deepEqual(serials(await list()).toSorted(), [first, second].toSorted());
});

test('a revocation by another process is on the next list', async (t) => {
  const { list, revoke } = await underTest(t);
  const before = await list();
  const serial = await revoke(1);
  const after = await list();
  assert.deepEqual([serials(before), serials(after)], [[], [serial]]);
});

test('cached while nothing changes, and signed again after half of its validity', async (t) => {
  const { clock, list } = await underTest(t);
  const first = await list();
  clock.forward(3.5 * DAY - 1);
  assert.equal(await list(), first);
  clock.forward(1);
  const next = await list();
  assert.equal(thisUpdate(next) - thisUpdate(first), 3.5 * DAY);
  assert.ok(number(next) > number(first));
});

test('it begins ten minutes early, for readers whose clock is slow, and ends one validity from now', async (t) => {
  const { clock, list } = await underTest(t);
  const crl = read(await list());
  assert.equal(crl.thisUpdate.value.getTime(), clock().getTime() - 600_000);
  assert.equal(crl.nextUpdate!.value.getTime(), clock().getTime() + 7 * DAY);
});

test('its number is the time in milliseconds, and increases also when the clock stands still or goes back', async (t) => {
  const { clock, list, revoke } = await underTest(t);
  const first = await list();
  assert.equal(number(first), BigInt(clock().getTime()));
  await revoke(1);
  const second = await list();
  assert.equal(number(second), number(first) + 1n);
  clock.forward(-DAY / 360);
  await revoke(2);
  assert.equal(number(await list()), number(second) + 1n);
});

test('a list is known by its number and the moment of its making, the octets of others by nothing', async (t) => {
  const { clock, list } = await underTest(t);
  const crl = await list();
  assert.deepEqual(list.markOf?.(crl), { number: clock().getTime(), madeAt: clock() });
  assert.equal(list.markOf?.(new Uint8Array(crl)), undefined);
});

test('calls at the same time get the same list', async (t) => {
  const { list, revoke } = await underTest(t);
  await revoke(1);
  const lists = await Promise.all(Array.from({ length: 20 }, () => list()));
  assert.equal(new Set(lists).size, 1);
});

test('a certificate revoked while the list is being read makes the next call sign a new list', async (t) => {
  let meanwhile: (() => Promise<unknown>) | undefined;
  const { list, revoke } = await underTest(t, (store) => ({
    ...store,
    listRevoked: async (issuerId, page) => {
      const found = await store.listRevoked(issuerId, page);
      const change = meanwhile;
      meanwhile = undefined;
      await change?.();
      return found;
    },
  }));
  meanwhile = () => revoke(1);
  assert.deepEqual(serials(await list()), []);
  assert.equal(serials(await list()).length, 1);
});

test('a hold and its release in one moment are two lists, of which the second has nothing', async (t) => {
  const { clock, store, list, revoke } = await underTest(t);
  const first = await list();
  const serial = await revoke(1, 'certificateHold');
  assert.deepEqual(serials(await list()), [serial]);
  await store.release({ issuerId: ISSUER_ID, serial }, { ...auditFor(1, 'released'), at: clock() });
  const last = await list();
  assert.deepEqual(serials(last), []);
  assert.equal(number(last), number(first) + 2n);
});

test('a list that is due is served from before while the store takes no writes, until it ends', async (t) => {
  let full = false;
  const { clock, list } = await underTest(t, (store) => ({
    ...store,
    agreeOnList: (...args) => (full ? Promise.reject(new Error('disk full')) : store.agreeOnList(...args)),
  }));
  const first = await list();
  full = true;
  clock.forward(3.5 * DAY);
  assert.equal(await list(), first);
  assert.equal(list.failure?.()?.message, 'disk full');
  clock.forward(3.5 * DAY - 1);
  assert.equal(await list(), first);
  clock.forward(1);
  await assert.rejects(list(), /disk full/);
  full = false;
  assert.ok(number(await list()) > number(first));
  assert.equal(list.failure?.(), undefined);
});

test('a server that signs slowly serves no list after its successor was served elsewhere', async (t) => {
  const hold = Promise.withResolvers<void>();
  const listing = Promise.withResolvers<void>();
  let held = true;
  const { clock, store, list, revoke } = await underTest(t, (store) => ({
    ...store,
    async listRevoked(...args) {
      const found = await store.listRevoked(...args);
      if (held) {
        listing.resolve();
        await hold.promise;
      }
      return found;
    },
  }));
  const quick = revocationList({
    issuer: issuing,
    store,
    validity: 7 * DAY,
    clock,
    deadline: () => AbortSignal.timeout(50),
  });
  const slow = list();
  await listing.promise;
  const serial = await revoke(1);
  const newer = await quick();
  held = false;
  hold.resolve();
  const late = await slow;
  assert.deepEqual([serials(newer), serials(late)], [[serial], [serial]]);
  assert.equal(number(late), number(newer));
});

test('a server whose lists are always overtaken says so, and serves none of them', async (t) => {
  const { list } = await underTest(t, (store) => ({
    ...store,
    publishList: async (issuerId, own) => (await store.publishList(issuerId, own)) + 1,
  }));
  await assert.rejects(list(), /other servers published list/);
});

test('after an error of the store the next call tries again', async (t) => {
  let broken = true;
  const { list, revoke } = await underTest(t, (store) => ({
    ...store,
    listRevoked: (issuerId, page) =>
      broken ? Promise.reject(new Error('disk full')) : store.listRevoked(issuerId, page),
  }));
  const serial = await revoke(1);
  await assert.rejects(list(), /disk full/);
  broken = false;
  assert.deepEqual(serials(await list()), [serial]);
});

test('more than one page of revoked certificates: each is listed once', { skip: withoutOpenssl }, async (t) => {
  const { list, revoke } = await underTest(t);
  const revoked = await Promise.all(Array.from({ length: 2_001 }, (_, n) => revoke(n)));
  const text = openssl('crl -inform DER -in crl -text -noout'.split(' '), { crl: await list() }).toString();
  const found = [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial]) =>
    serial!.toLowerCase().padStart(32, '0'),
  );
  assert.deepEqual(found.toSorted(), revoked.toSorted());
});

test('one list is made at a time, however many ask while certificates are revoked', async (t) => {
  let [now, most] = [0, 0];
  const { list, revoke } = await underTest(t, (store) => ({
    ...store,
    async listRevoked(...args) {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
      return store.listRevoked(...args);
    },
  }));
  const lists: Promise<Uint8Array>[] = [];
  for (const n of [1, 2, 3]) {
    await revoke(n);
    lists.push(list(), list());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(lists);
  assert.equal(most, 1);
  assert.equal(serials(await list()).length, 3);
});

test('what the latest list is like: its number, times, octets and entries, and how many were signed', async (t) => {
  const { list, revoke, clock } = await underTest(t);
  assert.equal(list.latest?.(), undefined);
  await list();
  await revoke(1);
  await revoke(2);
  const octets = (await list()).length;
  const { thisUpdate: begins, nextUpdate, ...rest } = list.latest!()!;
  assert.deepEqual(rest, { number: 1_772_366_400_001, octets, entries: 2, made: 2 });
  assert.deepEqual(
    [begins, nextUpdate],
    [new Date(clock().getTime() - 600_000), new Date(clock().getTime() + 7 * DAY)],
  );
});
