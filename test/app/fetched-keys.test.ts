/** Who fetches files by their links, and how often somebody may try. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fetchedKeys } from '../../src/app/fetched-keys.ts';
import { newLinkToken, sealLinkedFile } from '../../src/pfx/key-link.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { random } from '../kit/pki.ts';

const FILE = { name: 'jane-signing.p12', file: new Uint8Array([0x30, 7]) };
const FACTS = { endpoint: 'people', transactionId: 'pfx-1' };
const [OFFICE, HOME] = ['192.0.2.1', '198.51.100.1'];

async function withLink(t: TestContext) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const token = newLinkToken(random);
  const act = { at: clock(), actor: { kind: 'system' }, source: 'cli' } as const;
  await store.addKeyLink({ ...sealLinkedFile(FILE, token, random), facts: FACTS }, 600_000, act);
  const fetchKey = fetchedKeys({ store, clock });
  const said = async (asked: string, address: string): Promise<string> => {
    const fetched = await fetchKey(asked, address);
    return 'refused' in fetched ? fetched.refused : fetched.name;
  };
  return { clock, store, token, fetchKey, said, wrong: (address: string) => said(newLinkToken(random), address) };
}

test('the file is opened for who has the token, once, and the history has the address', async (t) => {
  const { store, token, fetchKey } = await withLink(t);
  const fetched = await fetchKey(token, OFFICE);
  assert.deepEqual(fetched, { name: 'jane-signing.p12', file: Buffer.from([0x30, 7]), ...FACTS });
  assert.deepEqual(await fetchKey(token, OFFICE), { refused: 'unknown' });
  const [entry] = (await store.listAudit({})).filter(({ event }) => event === 'key-fetched');
  assert.deepEqual(entry?.actor, { kind: 'person', address: OFFICE });
});

test('of those who ask with one token at the same time one gets the file', async (t) => {
  const { token, said } = await withLink(t);
  const all = await Promise.all(Array.from({ length: 9 }, (_, number) => said(token, `192.0.2.${number}`)));
  assert.deepEqual(all.toSorted(), ['jane-signing.p12', ...Array.from({ length: 8 }, () => 'unknown')]);
});

test('after ten wrong tokens in a minute a network waits, also with the right one, and the file waits on', async (t) => {
  const { clock, token, said, wrong } = await withLink(t);
  for (let count = 0; count < 10; count++) assert.equal(await wrong(OFFICE), 'unknown');
  assert.deepEqual(
    [await wrong(OFFICE), await said(token, OFFICE), await wrong(HOME)],
    ['too-many', 'too-many', 'unknown'],
  );
  clock.forward(60_000);
  assert.equal(await said(token, OFFICE), 'jane-signing.p12');
});

test('after 300 wrong ones of all networks those wait that sent a wrong one, and no other', async (t) => {
  const { token, said, wrong } = await withLink(t);
  for (let count = 0; count < 300; count++) await wrong(`10.0.${count}.1`);
  assert.deepEqual(
    [await wrong(HOME), await wrong(HOME), await wrong('10.0.7.1')],
    ['unknown', 'too-many', 'too-many'],
  );
  assert.equal(await said(token, OFFICE), 'jane-signing.p12');
});

test('files that were fetched are not counted as wrong', async (t) => {
  const { clock, store, said, wrong } = await withLink(t);
  const act = { at: clock(), actor: { kind: 'system' }, source: 'cli' } as const;
  for (let count = 0; count < 12; count++) {
    const token = newLinkToken(random);
    await store.addKeyLink({ ...sealLinkedFile(FILE, token, random), facts: FACTS }, 600_000, act);
    assert.equal(await said(token, OFFICE), 'jane-signing.p12');
  }
  assert.equal(await wrong(OFFICE), 'unknown');
});
