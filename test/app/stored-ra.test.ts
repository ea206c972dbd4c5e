/** The RA of replicas: several servers with clocks and CA files of their own, and one store. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { automaticRa } from '../../src/app/ra.ts';
import type { IssuingCa, RaForm } from '../../src/app/ra-certificate.ts';
import { type RaKeeper, refreshRas } from '../../src/app/ra-keeper.ts';
import { existingStoredRa, presentStoredRa, storedRa } from '../../src/app/stored-ra.ts';
import type { SecretStore } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { until } from '../kit/until.ts';
import { after, authority, DAY, opens, thumbprints, YEAR } from './ra-under-test.ts';

const MINUTE = 60_000;
/** A day after the next RA is due. */
const DUE = 2 * YEAR - 29 * DAY;
const ROW = 'ra/issuing';

type Server = Partial<{ form: RaForm; ca: IssuingCa; store: SecretStore; ahead: number }>;

/** A store, servers on it, and the time of all of them, which is moved by hand. `ahead`: what a clock differs by. */
async function replicas(t: TestContext, passphrase?: string) {
  const { ca, log, files, folder } = await authority(t, passphrase);
  const store = await openSqliteStore({ path: ':memory:', clock: after(0) });
  t.after(() => store.close());
  const first = await ca();
  let now = 0;
  const waits: number[] = [];
  const server = ({ form = 'auto', ahead = 0, ...own }: Server = {}): Promise<RaKeeper> =>
    storedRa(
      { form, authority: 'issuing', ca: own.ca ?? first },
      {
        store: own.store ?? store,
        emit: log.emit,
        clock: () => after(now + ahead)(),
        wait: async (ms) => void waits.push(ms),
      },
    );
  const made = (): number => log.lines.filter((line) => line.includes('made an RA certificate')).length;
  const version = async (): Promise<number> => (await store.readSecret(ROW))?.version ?? 0;
  return { server, ca, first, store, log, made, version, files, folder, waits, at: (ms: number) => void (now = ms) };
}

/** What clients encrypt to. */
const current = (keeper: RaKeeper): string[] => thumbprints([keeper.current()]);

test('of five servers that start at once one makes the RA, and all have it', async (t) => {
  const { server, made, version, files } = await replicas(t);
  const keepers = await Promise.all([server(), server(), server(), server(), server()]);
  for (const keeper of keepers) assert.deepEqual(current(keeper), current(keepers[0]));
  assert.deepEqual([made(), await version()], [1, 1]);
  assert.deepEqual(keepers[4].current().retired, []);
  assert.ok(await opens(keepers[4].current(), keepers[0].current()));
  assert.deepEqual(files(), []);
});

for (const form of ['auto', 'split'] as const)
  test(`A08 ${form}: the next RA is opened by every server before one of them gives it to clients`, async (t) => {
    const { server, made, at } = await replicas(t);
    const [a, b] = [await server({ form }), await server({ form })];
    const before = a.current();
    at(DUE);
    await a.renew();
    assert.equal(made(), form === 'auto' ? 2 : 4);
    assert.deepEqual(current(a), thumbprints([before]));
    assert.equal(a.current().retired.length, 1);
    const next = a.current().retired[0]!;

    assert.equal(await opens(b.current(), next), false);
    const object = b.current();
    await b.refresh?.();
    assert.notEqual(b.current(), object, 'threads are told of another object only');
    assert.deepEqual(current(b), thumbprints([before]));
    assert.ok(await opens(b.current(), next));

    at(DUE + 10 * MINUTE - 1);
    for (const keeper of [a, b]) await keeper.renew();
    assert.deepEqual([...current(a), ...current(b)], [...thumbprints([before]), ...thumbprints([before])]);
    at(DUE + 10 * MINUTE);
    for (const keeper of [a, b]) {
      await keeper.refresh?.();
      assert.deepEqual(current(keeper), thumbprints([next]));
      assert.ok(await opens(keeper.current(), before));
      if (form === 'split') assert.notDeepEqual(keeper.current().signer, before.signer);
    }
    assert.equal(made(), form === 'auto' ? 2 : 4);
  });

test('of servers that renew it at once one makes the next RA, and all read it', async (t) => {
  const { server, made, version, at } = await replicas(t);
  const keepers = [await server(), await server(), await server()];
  at(DUE);
  await Promise.all(keepers.map((keeper) => keeper.renew()));
  assert.deepEqual([made(), await version()], [2, 2]);
  for (const { current } of keepers) assert.equal(current().retired.length, 1);
});

test('nothing is written and the object stays the same while nothing changes', async (t) => {
  const { server, version, at } = await replicas(t);
  const keeper = await server();
  const ra = keeper.current();
  for (const ms of [MINUTE, YEAR, 2 * YEAR - 31 * DAY]) {
    at(ms);
    await keeper.renew();
    await keeper.refresh?.();
    assert.equal(keeper.current(), ra);
  }
  assert.equal(await version(), 1);
});

test('servers with the old and with the new CA each use the newest of their own, and open that of the other', async (t) => {
  const { server, ca, made, version, waits } = await replicas(t);
  const old = await server();
  const renewed = await ca();
  const next = await server({ ca: renewed });
  // Until the other one has read it, which looks every ten seconds.
  assert.deepEqual(waits, [0, 15_000]);
  assert.notDeepEqual(current(next), current(old));
  for (let turn = 0; turn < 3; turn++)
    for (const keeper of [old, next]) {
      await keeper.refresh?.();
      await keeper.renew();
    }
  assert.deepEqual([made(), await version()], [2, 2]);
  assert.notDeepEqual(current(next), current(old));
  assert.ok(await opens(old.current(), next.current()));
  assert.ok(await opens(next.current(), old.current()));
  const third = await server({ ca: renewed });
  assert.deepEqual(current(third), current(next));
  assert.deepEqual(waits, [0, 15_000, 15_000]);
});

test('a server whose clock is behind uses what another one made a moment ago, and makes none', async (t) => {
  const { server, made, waits } = await replicas(t);
  const a = await server();
  const b = await server({ ahead: -30_000 });
  assert.deepEqual(waits, [0, 15_000]);
  await b.renew();
  assert.deepEqual(current(b), current(a));
  assert.equal(made(), 1);
});

for (const days of [1000, -200])
  test(`what a server whose clock is wrong by ${days} days makes is used by that server alone`, async (t) => {
    const { server, made, at } = await replicas(t);
    at(300 * DAY);
    const right = await server();
    const before = current(right);
    const wrong = await server({ ahead: days * DAY });
    assert.equal(made(), 2);
    for (const keeper of [right, wrong]) {
      await keeper.renew();
      await keeper.refresh?.();
    }
    assert.equal(made(), 2);
    assert.deepEqual(current(right), before);
    assert.notDeepEqual(current(wrong), before);
    assert.ok(await opens(right.current(), wrong.current()));
    assert.ok(await opens(wrong.current(), right.current()));
  });

test('while the store cannot be read the last RA stays, and one that was announced begins in its time', async (t) => {
  const { server, store, at } = await replicas(t);
  let down = false;
  const readSecret: SecretStore['readSecret'] = async (name) => {
    if (down) throw new Error('the database is down');
    return store.readSecret(name);
  };
  const keeper = await server({ store: { ...store, readSecret } });
  const before = current(keeper);
  at(DUE);
  await keeper.renew();
  down = true;
  for (const act of [keeper.refresh!, keeper.renew]) await assert.rejects(act(), /the database is down/);
  assert.deepEqual(current(keeper), before);
  at(DUE + 11 * MINUTE);
  await assert.rejects(keeper.refresh!(), /the database is down/);
  assert.notDeepEqual(current(keeper), before);
  down = false;
  await keeper.refresh!();
  assert.notDeepEqual(current(keeper), before);
});

test('after the end of an RA that none replaced the next one serves at once', async (t) => {
  const { server, at } = await replicas(t);
  const keeper = await server();
  const before = current(keeper);
  at(2 * YEAR + DAY);
  await keeper.renew();
  assert.notDeepEqual(current(keeper), before);
  assert.equal(keeper.current().retired.length, 1);
});

test('nothing is made for a CA that has ended', async (t) => {
  const { server, ca, at, version } = await replicas(t);
  const keeper = await server({ ca: await ca(YEAR) });
  at(YEAR + DAY);
  await keeper.renew();
  assert.equal(await version(), 1);
});

test('a row that was deleted is written again as it was', async (t) => {
  const { server, store, version } = await replicas(t);
  let kept: SecretStore = store;
  const changing: SecretStore = {
    readSecret: (name) => kept.readSecret(name),
    writeSecret: (secret) => kept.writeSecret(secret),
  };
  const keeper = await server({ store: changing });
  const before = keeper.current();
  assert.equal(await version(), 1);
  const restored = await openSqliteStore({ path: ':memory:', clock: after(0) });
  kept = restored;
  await keeper.refresh!();
  assert.equal(keeper.current(), before);
  await keeper.renew();
  assert.deepEqual(await restored.readSecret(ROW), await store.readSecret(ROW));
  await restored.close();
});

for (const passphrase of [undefined, 'a passphrase'])
  test(`what \`ra: auto\` has in files${passphrase ? ', encrypted,' : ''} is taken over once, and the files stay`, async (t) => {
    const { server, first, log, made, files, folder, at } = await replicas(t, passphrase);
    const early = await automaticRa('auto', first, log.emit, after(0));
    const kept = await automaticRa('auto', first, log.emit, after(DUE));
    at(DUE);
    const [before, content] = [files(), readFileSync(join(folder, 'ra.pem'), 'utf8')];
    const keeper = await server();
    assert.equal(made(), 2);
    assert.deepEqual(current(keeper), thumbprints([kept]));
    assert.deepEqual(thumbprints(keeper.current().retired), thumbprints([early]));
    assert.ok(await opens(keeper.current(), kept));
    assert.ok(await opens(keeper.current(), early));
    assert.deepEqual([files(), readFileSync(join(folder, 'ra.pem'), 'utf8')], [before, content]);
    for (const file of before) rmSync(join(folder, file));
    assert.deepEqual(current(await server()), thumbprints([kept]));
    assert.equal(made(), 2);
  });

test('A04 a split RA is taken over from its files; with another form the RA of files still opens', async (t) => {
  const { server, first, log, made } = await replicas(t);
  const kept = await automaticRa('split', first, log.emit, after(0));
  const split = await server({ form: 'split' });
  assert.deepEqual(current(split), thumbprints([kept]));
  assert.deepEqual(thumbprints([split.current().signer!]), thumbprints([kept.signer!]));
  assert.equal(made(), 2);
  const auto = await server({ form: 'auto' });
  assert.equal(made(), 3);
  assert.deepEqual(thumbprints(auto.current().retired), thumbprints([kept]));
  assert.equal(auto.current().signer, undefined);
  await split.refresh!();
  assert.deepEqual(current(split), thumbprints([kept]));
  assert.ok(await opens(split.current(), auto.current()));
});

test('files that are not readable are an error while the store has no row, and of no importance afterwards', async (t) => {
  const { server, first, log, folder } = await replicas(t);
  await automaticRa('auto', first, log.emit, after(0));
  const key = join(folder, 'ra.key.pem');
  const pem = readFileSync(key, 'utf8');
  rmSync(key);
  await assert.rejects(server(), /ra\.key\.pem/);
  writeFileSync(key, pem, { mode: 0o600 });
  await server();
  rmSync(key);
  await server();
});

test('endpoints that show challenges to others have an RA of their own', async (t) => {
  const { server, first, store } = await replicas(t);
  const one = await server();
  const other = await server({ ca: { ...first, parties: 'intune corp' } });
  assert.notDeepEqual(current(one), current(other));
  await Promise.all([one.refresh!(), other.refresh!()]);
  assert.equal(await opens(one.current(), other.current()), false);
  assert.equal(await opens(other.current(), one.current()), false);
  assert.equal((await store.readSecret(ROW))?.version, 1);
});

test('commands see the RA that serves, or would be taken over, and make none', async (t) => {
  const { server, first, store, log, version } = await replicas(t);
  const read: SecretStore['readSecret'] = (name) => store.readSecret(name);
  const of = { form: 'auto', authority: 'issuing', ca: first } as const;
  const existing = () => existingStoredRa(of, read, after(0));
  const present = () => presentStoredRa('auto', { authority: 'issuing', read, ca: first });
  assert.deepEqual([await existing(), await present()], [undefined, undefined]);
  const filed = await automaticRa('auto', first, log.emit, after(0));
  assert.deepEqual(thumbprints([(await existing())!]), thumbprints([filed]));
  assert.deepEqual([await present(), await version()], [undefined, 0]);
  const keeper = await server();
  assert.deepEqual(thumbprints([(await existing())!]), current(keeper));
  assert.deepEqual(await version(), 1);
});

test('the timer reads again after a failure, which is logged once, and does not begin while the last reading runs', async (t) => {
  const { server, log } = await replicas(t);
  const keeper = await server();
  let [asked, open, most] = [0, 0, 0];
  const refresh = async (): Promise<void> => {
    most = Math.max(most, ++open);
    await sleep(20);
    open--;
    asked++;
    throw new Error('the database is down');
  };
  const end = refreshRas({ keepers: [{ ...keeper, refresh }], emit: log.emit, clock: after(0), every: 5 });
  await until(() => asked >= 3, 'three readings', { every: 5 });
  await end();
  const last = asked;
  await sleep(50);
  assert.deepEqual([asked, open, most], [last, 0, 1]);
  assert.equal(log.lines.filter((line) => line.includes('"event":"ra-not-renewed"')).length, 1);
});

test('kem: replicas share one ML-KEM key, which has a row of its own and is taken over from files', async (t) => {
  const { server, first, log, store, made, version } = await replicas(t);
  const filed = await automaticRa('kem', first, log.emit, after(0));
  const [ra, a, b] = [await server(), await server({ form: 'kem' }), await server({ form: 'kem' })];
  assert.deepEqual(current(a), thumbprints([filed]));
  assert.deepEqual(current(b), current(a));
  assert.deepEqual(ra.current().retired, []);
  assert.deepEqual([made(), await version(), (await store.readSecret('kem/issuing'))?.version], [2, 1, 1]);
});
