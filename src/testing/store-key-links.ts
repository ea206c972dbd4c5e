/** The contract of a Store for files that wait to be fetched once. */
import assert from 'node:assert/strict';
import type { KeyLink, KeyLinkAct } from '../core/key-link-store.ts';
import type { AuditEntry } from '../core/records.ts';
import { type Check, recorded } from './opened-store.ts';
import { certificateId, issuanceFor, later, NOON } from './store-samples.ts';

const LINK: KeyLink = {
  mark: 'a'.repeat(64),
  sealed: new Uint8Array([1, 2, 0, 255]),
  facts: { endpoint: 'people', transactionId: 'pfx-1', detail: 'for jane@contoso.example' },
};
const MADE: KeyLinkAct = { at: NOON, actor: { kind: 'person', name: 'ops' }, source: 'cli' };
const FETCHED: KeyLinkAct = { at: later(1), actor: { kind: 'person', address: '192.0.2.7' }, source: 'api' };
const TEN_MINUTES = 600_000;
const RESTORED: AuditEntry = { ...MADE, event: 'restored', endpoint: '', transactionId: '' };

/** Declares them. */
export function keyLinks(check: Check): void {
  check('a file that waits is fetched once, also after a restart, and the history has both', async (opened) => {
    const { reopen } = opened;
    let { store } = opened;
    await recorded(store, issuanceFor(1));
    const link = { ...LINK, facts: { ...LINK.facts, ...certificateId(1) } };
    assert.deepEqual(await store.addKeyLink(link, TEN_MINUTES, MADE), later(600));
    if (reopen) store = await reopen();
    assert.equal(await store.takeKeyLink('b'.repeat(64), FETCHED), undefined, 'another mark');
    const taken = (await store.takeKeyLink(LINK.mark, FETCHED))!;
    assert.deepEqual([taken.mark, [...taken.sealed], taken.facts], [LINK.mark, [1, 2, 0, 255], link.facts]);
    assert.equal(await store.takeKeyLink(LINK.mark, FETCHED), undefined, 'again');
    const entries = await store.listAudit({ certificate: certificateId(1) });
    const entry = (event: string) => entries.find((each) => each.event === event);
    assert.deepEqual(entry('key-fetched'), { ...FETCHED, event: 'key-fetched', ...link.facts });
    assert.deepEqual(entry('key-link-made'), { ...MADE, event: 'key-link-made', ...link.facts });
  });

  check(
    'a file waits for its time by the clock of the store, and then it is only listed',
    async ({ store, setClock }) => {
      await store.addKeyLink(LINK, TEN_MINUTES, MADE);
      await store.addKeyLink({ ...LINK, mark: 'c' }, TEN_MINUTES + 1, MADE);
      setClock(later(599.999));
      assert.deepEqual(await store.listEndedKeyLinks(10), []);
      await store.removeEndedKeyLink(LINK.mark);
      setClock(later(600));
      assert.equal(await store.takeKeyLink(LINK.mark, FETCHED), undefined);
      assert.deepEqual(await store.listEndedKeyLinks(10), [{ mark: LINK.mark, facts: LINK.facts }]);
      setClock(later(900));
      const marks = async (limit: number) => (await store.listEndedKeyLinks(limit)).map(({ mark }) => mark);
      assert.deepEqual([await marks(10), await marks(1)], [[LINK.mark, 'c'], [LINK.mark]]);
      await store.removeEndedKeyLink(LINK.mark);
      assert.deepEqual(await marks(10), ['c']);
      assert.deepEqual(
        (await store.listAudit({})).map(({ event }) => event),
        ['key-link-made', 'key-link-made'],
      );
    },
  );

  check('of 20 who fetch a file at once one gets it', async ({ store, beside }) => {
    const other = (await beside?.()) ?? store;
    await store.addKeyLink(LINK, TEN_MINUTES, MADE);
    const all = Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).takeKeyLink(LINK.mark, FETCHED));
    assert.equal((await Promise.all(all)).filter((file) => file !== undefined).length, 1);
    assert.equal((await store.listAudit({})).filter(({ event }) => event === 'key-fetched').length, 1);
    if (other !== store) await other.close();
  });

  check('after a restore no file waits: it may have been fetched since', async ({ store, setClock }) => {
    await store.addKeyLink(LINK, TEN_MINUTES, MADE);
    await store.beginAgain(RESTORED);
    assert.equal(await store.takeKeyLink(LINK.mark, FETCHED), undefined);
    setClock(later(900));
    assert.deepEqual(await store.listEndedKeyLinks(10), []);
  });
}
