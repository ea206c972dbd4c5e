/** The contract of a Store for searches: what each condition finds, in pages that stay right while rows are added, and the counts. */
import assert from 'node:assert/strict';
import type { AuditQuery, CertificateQuery } from '../core/search-store.ts';
import type { Store } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, ENDPOINT, issuanceFor, ISSUER_ID, later, NOON } from './store-samples.ts';

const DAYS = 86_400;
const OTHER = '/other';
const KINDS = ['cn', 'upn', 'intuneDeviceId'] as const;

/**
 * Eight certificates. The nth was issued n days after NOON and ends 10 + n days after it; the even ones are of another endpoint;
 * the third is revoked, the fourth is still not delivered.
 */
async function fill(store: Store, setClock: (moment: Date) => void): Promise<void> {
  for (let n = 1; n <= 8; n++) await add(store, n, setClock);
  await store.revoke(certificateId(3), 'superseded', auditFor(3, 'revoked', later(9 * DAYS)));
}

async function add(store: Store, n: number, setClock: (moment: Date) => void): Promise<void> {
  const at = later(n * DAYS);
  setClock(at);
  const issuance = issuanceFor(n, n === 4 ? { notification: 'strict' } : {});
  const endpoint = n % 2 === 0 ? OTHER : ENDPOINT;
  const certificate = {
    ...issuance.certificate,
    endpoint,
    notAfter: later((10 + n) * DAYS),
    issuedAt: at,
    firstIssuedAt: at,
  };
  const audit = { ...issuance.audit, at, endpoint };
  await recorded(store, { ...issuance, certificate, audit });
}

const numberOf = (serial: string | undefined): number =>
  Array.from({ length: 12 }, (_, index) => index + 1).find((n) => certificateId(n).serial === serial) ?? 0;

type Query = Omit<CertificateQuery, 'now'> & { now?: Date };

/** All pages of the query, each of at most `limit`. */
async function pages(store: Store, query: Query, limit: number): Promise<number[][]> {
  const all: number[][] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.searchCertificates(
      { now: NOON, ...query },
      { limit, ...(cursor !== undefined && { cursor }) },
    );
    all.push(page.certificates.map(({ serial }) => numberOf(serial)));
    cursor = page.next;
    if (cursor === undefined) return all;
  }
}

const found = async (store: Store, query: Query): Promise<number[]> => (await pages(store, query, 3)).flat();

async function counts(store: Store, query: Query): Promise<string> {
  const { issued, delivered, expired, revoked } = await store.countByState({ now: NOON, ...query });
  return [issued, delivered, expired, revoked].map(({ number, more }) => `${number}${more ? '+' : ''}`).join(' ');
}

/** Declares them. */
export function searches(check: Check): void {
  certificates(check);
  pagesOfCertificates(check);
  history(check);
}

function certificates(check: Check): void {
  check(
    'one text finds a certificate by the beginning of a name or a serial number, or by a thumbprint',
    async ({ store, setClock }) => {
      await fill(store, setClock);
      const name = (beginning: string): Query => ({ terms: { name: { beginning, kinds: KINDS } } });
      assert.deepEqual(await found(store, name('DEVICE-2')), [2]);
      assert.deepEqual(await found(store, name('user7@')), [7]);
      assert.deepEqual(await found(store, name('evice')), []);
      assert.deepEqual(await found(store, name('device-')), [8, 7, 6, 5, 4, 3, 2, 1]);
      assert.deepEqual(await found(store, { terms: { serialPrefix: certificateId(5).serial.slice(0, 12) } }), [5]);
      const { thumbprint, thumbprintSha256 } = issuanceFor(6).certificate;
      assert.deepEqual(await found(store, { terms: { thumbprint } }), [6]);
      assert.deepEqual(await found(store, { terms: { thumbprint: thumbprintSha256.toUpperCase() } }), [6]);
      const either = { name: { beginning: 'device-1', kinds: KINDS }, serialPrefix: certificateId(5).serial };
      assert.deepEqual(await found(store, { terms: either }), [5, 1]);
      assert.deepEqual(await found(store, { terms: {} }), []);
    },
  );

  check(
    'a search is by state, end, time, subject, name and place, and by all of them together',
    async ({ store, setClock }) => {
      await fill(store, setClock);
      const now = later(13 * DAYS);
      assert.deepEqual(await found(store, { state: 'revoked' }), [3]);
      assert.deepEqual(await found(store, { state: 'issued' }), [4]);
      assert.deepEqual(await found(store, { state: 'delivered', now }), [8, 7, 6, 5]);
      assert.deepEqual(await found(store, { state: 'expired', now }), [2, 1]);
      assert.deepEqual(await found(store, { ends: { from: now, before: later(16 * DAYS) } }), [3, 4, 5]);
      assert.deepEqual(await found(store, { ends: { before: later(16 * DAYS) }, state: 'delivered', now }), [5]);
      assert.deepEqual(await found(store, { recorded: { from: later(3 * DAYS), before: later(6 * DAYS) } }), [5, 4, 3]);
      assert.deepEqual(await found(store, { recorded: { from: later(8 * DAYS) } }), [8]);
      assert.deepEqual(await found(store, { subject: 'CN=device-7' }), [7]);
      assert.deepEqual(await found(store, { names: [{ kind: 'upn', value: 'user2@example.com' }] }), [2]);
      const place = (endpoint: string, ...issuerIds: string[]) => ({ places: [{ endpoint, issuerIds }] });
      assert.deepEqual(await found(store, place(OTHER, ISSUER_ID)), [8, 6, 4, 2]);
      assert.deepEqual(await found(store, place(OTHER, 'another')), []);
      assert.deepEqual(await found(store, place(OTHER)), []);
      assert.deepEqual(await found(store, { places: [] }), []);
      assert.deepEqual(
        await found(store, { ...place(ENDPOINT, ISSUER_ID), ends: { from: now }, state: 'delivered', now }),
        [5, 7],
      );
      const name = { terms: { name: { beginning: 'device-', kinds: KINDS } } };
      assert.deepEqual(await found(store, { ...name, ...place(ENDPOINT, ISSUER_ID), ends: { from: now } }), [7, 5, 3]);
    },
  );

  check('a search at two thousand endpoints is one search', async ({ store, setClock }) => {
    await fill(store, setClock);
    const places = Array.from({ length: 2_000 }, (_, n) => ({
      endpoint: n === 7 ? OTHER : `/endpoint-${n}`,
      issuerIds: [ISSUER_ID],
    }));
    assert.deepEqual(await found(store, { places }), [8, 6, 4, 2]);
    const audited = await store.searchAudit(
      { places: places.map((place, n) => ({ ...place, bare: n % 2 === 0 })) },
      { limit: 9 },
    );
    assert.deepEqual(
      audited.entries.map(({ serial }) => numberOf(serial)),
      [8, 6, 4, 2],
    );
  });

  check('certificates are counted by state, whichever state is asked for', async ({ store, setClock }) => {
    await fill(store, setClock);
    const now = later(13 * DAYS);
    assert.equal(await counts(store, { now }), '1 4 2 1');
    assert.equal(await counts(store, { now, state: 'revoked' }), '1 4 2 1');
    assert.equal(await counts(store, { now, places: [{ endpoint: OTHER, issuerIds: [ISSUER_ID] }] }), '1 2 1 0');
    assert.equal(await counts(store, { now, terms: { name: { beginning: 'device-1', kinds: KINDS } } }), '0 0 1 0');
    assert.equal(await counts(store, { now, places: [] }), '0 0 0 0');
  });

  check('the issuers of certificates are known by name and authority', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    assert.deepEqual(await store.knownIssuers(), [{ issuerId: ISSUER_ID, name: 'CN=Issuing CA' }]);
    await store.registerIssuer({
      issuerId: 'b',
      name: 'CN=Another CA',
      nameDer: new Uint8Array(2),
      authority: 'another',
    });
    assert.deepEqual(await store.knownIssuers(), [
      { issuerId: 'b', name: 'CN=Another CA', authority: 'another' },
      { issuerId: ISSUER_ID, name: 'CN=Issuing CA' },
    ]);
  });
}

function pagesOfCertificates(check: Check): void {
  check(
    'the pages of a search have each certificate once, also those that were there when more came',
    async ({ store, setClock }) => {
      await fill(store, setClock);
      assert.deepEqual(await pages(store, {}, 3), [
        [8, 7, 6],
        [5, 4, 3],
        [2, 1],
      ]);
      const ends = { from: NOON };
      assert.deepEqual(await pages(store, { ends }, 3), [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8],
      ]);
      assert.deepEqual(await pages(store, { state: 'expired', now: later(90 * DAYS) }, 3), [
        [8, 7, 6],
        [5, 2, 1],
      ]);
      const first = await store.searchCertificates({ now: NOON }, { limit: 3 });
      await add(store, 9, setClock);
      const second = await store.searchCertificates({ now: NOON }, { limit: 3, cursor: first.next! });
      assert.deepEqual(
        second.certificates.map(({ serial }) => numberOf(serial)),
        [5, 4, 3],
      );
      assert.deepEqual((await pages(store, {}, 9))[0], [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    },
  );

  check('what is no cursor of the list is refused', async ({ store }) => {
    for (const cursor of ['', '7', 'x7', 's7', "n7' or 1", 'l1.2'])
      await assert.rejects(store.searchCertificates({ now: NOON }, { limit: 3, cursor }), RangeError, cursor);
    await assert.rejects(store.searchAudit({}, { limit: 3, cursor: 's1.2' }), RangeError);
  });
}

function history(check: Check): void {
  const entries = async (store: Store, query: AuditQuery, limit = 4): Promise<string[]> => {
    const all: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await store.searchAudit(query, { limit, ...(cursor !== undefined && { cursor }) });
      all.push(...page.entries.map(({ event, serial }) => `${event} ${numberOf(serial)}`));
      cursor = page.next;
      if (cursor === undefined) return all;
    }
  };

  check('the history is searched by what, who, where and when, page by page', async ({ store, setClock }) => {
    await fill(store, setClock);
    assert.deepEqual(await entries(store, {}), ['revoked 3', ...[8, 7, 6, 5, 4, 3, 2, 1].map((n) => `issued ${n}`)]);
    for (const query of [
      { notable: true },
      { events: ['revoked'] },
      { actors: ['person'] },
      { actor: 'AD' },
      { sources: ['cli'] },
    ] as const)
      assert.deepEqual(await entries(store, query), ['revoked 3'], JSON.stringify(query));
    assert.deepEqual(await entries(store, { actor: 'bob' }), []);
    assert.deepEqual(await entries(store, { certificate: certificateId(3) }), ['revoked 3', 'issued 3']);
    assert.deepEqual(await entries(store, { endpoint: OTHER }), ['issued 8', 'issued 6', 'issued 4', 'issued 2']);
    assert.deepEqual(await entries(store, { at: { from: later(8 * DAYS) } }), ['revoked 3', 'issued 8']);
    assert.deepEqual(await entries(store, { at: { from: later(2 * DAYS), before: later(4 * DAYS) } }), [
      'issued 3',
      'issued 2',
    ]);
  });

  check(
    'an entry is seen at a place by its certificate, and one without a certificate only where that is asked for',
    async ({ store, setClock }) => {
      await fill(store, setClock);
      const blocked = { ...auditFor(1, 'blocked'), endpoint: OTHER, detail: 'user:bob@example.com (left)' };
      const { issuerId: _, serial: __, ...bareEntry } = blocked;
      await store.addBlock({ name: 'user:bob@example.com', at: NOON, by: 'ada' }, bareEntry);
      const place = (bare: boolean, ...issuerIds: string[]) => ({ places: [{ endpoint: OTHER, issuerIds, bare }] });
      assert.deepEqual(await entries(store, place(false, ISSUER_ID)), ['issued 8', 'issued 6', 'issued 4', 'issued 2']);
      assert.deepEqual(await entries(store, place(true, 'another')), ['blocked 0']);
      assert.deepEqual(await entries(store, { ...place(true, ISSUER_ID), detail: 'LEFT' }), ['blocked 0']);
      assert.deepEqual(await entries(store, { places: [] }), []);
    },
  );
}
