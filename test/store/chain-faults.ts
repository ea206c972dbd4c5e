/** What verification finds in a history that someone changed in the database: for each database one after the other. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { linkHash, personalHash } from '../../src/audit/link-hash.ts';
import { keyName, publicKeyOf } from '../../src/audit/signed-head.ts';
import { auditChainJob } from '../../src/app/audit-chain-job.ts';
import { headSeal } from '../../src/app/audit-key.ts';
import type { Store } from '../../src/core/store.ts';
import { keyFromPem } from '../../src/keys/software.ts';
import { type ExportedHead, presentHead, verifyHistory } from '../../src/manage/history-verification.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { auditFor, issuanceFor, later, NOON } from '../../src/testing/store-samples.ts';

/** A store, and statements past it, with octets as its database writes them. */
export type Tampered = { store: Store; sql: (text: string) => Promise<void>; octets: (hex: string) => string };

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = keyFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'audit.key.pem');
const KEYS = new Map([[keyName(KEY.spki), publicKeyOf(KEY.spki)]]);
const never = new AbortController().signal;

const clock = (): Date => NOON;
const link = (store: Store, seal = headSeal(KEY)): Promise<void> => auditChainJob({ store, seal, clock }).run(never);

/** Six entries: the first one about a certificate, the others name a person. */
async function filled({ store }: Tampered): Promise<void> {
  await recorded(store, issuanceFor(1));
  for (const n of [2, 3, 4, 5, 6]) {
    const audit = {
      ...auditFor(n, 'blocked'),
      at: later(n),
      detail: `user:${n}`,
      actor: { kind: 'person', name: 'ops' },
    } as const;
    await store.addBlock({ name: `user:${n}`, at: later(n), by: 'ops' }, audit);
  }
  await link(store);
}

const verified = (store: Store, exported: { file: string; head: ExportedHead }[] = []) =>
  verifyHistory({ store, exported, keys: KEYS, unsignedUntil: 0 });
const faultsOf = async (store: Store): Promise<string[]> => (await verified(store)).faults;

const entry = (number: number): string => `(select entry from audit_chain where number = ${number})`;
const CHANGED = 'was changed or moved: its hash does not fit its content and its place';

/** What is done, and what is found. */
const FAULTS: Readonly<Record<string, [statements: string[], faults: string[]]>> = {
  'an entry was edited': [[`update audit set detail = 'user:x' where id = ${entry(3)}`], [`entry 3 ${CHANGED}`]],
  'the one who did it was edited': [
    [`update audit set actor_name = 'eve' where id = ${entry(6)}`],
    [`entry 6 ${CHANGED}`],
  ],
  'a certificate was put in the place of another': [
    ["update certificates set thumbprint_sha256 = 'ab'"],
    [`entry 1 ${CHANGED}`],
  ],
  'an entry was inserted': [
    [
      "insert into audit (id, at, event, endpoint, transaction_id, actor, source) values (77, 0, 'revoked', '', '', 'person', 'cli')",
    ],
    ['the entry with the id 77 was inserted: the chain does not have it'],
  ],
  'an entry was inserted with a link': [
    [
      "insert into audit (id, at, event, endpoint, transaction_id, actor, source) values (77, 0, 'revoked', '', '', 'person', 'cli')",
      'insert into audit_chain (number, entry, hash, salt) select 7, 77, hash, salt from audit_chain where number = 6',
    ],
    [`entry 7 ${CHANGED}`],
  ],
  'an entry was deleted': [
    [`delete from audit where id = ${entry(4)}`],
    ['entry 4 was deleted: its link has no entry'],
  ],
  'an entry was deleted with its link': [
    [`delete from audit where id = ${entry(4)}`, 'delete from audit_chain where number = 4'],
    ['entry 4 was deleted, out of the chain too'],
  ],
  'two entries were exchanged': [
    [
      'create table swapped as select number, entry from audit_chain where number in (2, 3)',
      'update audit_chain set entry = -number where number in (2, 3)',
      'update audit_chain set entry = (select entry from swapped where swapped.number = 5 - audit_chain.number) where number in (2, 3)',
      'drop table swapped',
    ],
    [`entry 2 ${CHANGED}`, `entry 3 ${CHANGED}`],
  ],
  'the end was cut off': [
    [`delete from audit where id in (${entry(5)}, ${entry(6)})`, 'delete from audit_chain where number > 4'],
    ['the chain was cut off: it ends at entry 4, and the signed head of the store was made at entry 6'],
  ],
  'the whole chain was deleted': [
    ['delete from audit', 'delete from audit_chain'],
    ['the chain was cut off: it ends at entry 0, and the signed head of the store was made at entry 6'],
  ],
  'entries were deleted as if they were old': [
    [
      "insert into audit_heads (kind, number, first, hash, at) select 'removed', number, 1, hash, 0 from audit_chain where number = 2",
      `delete from audit where id in (${entry(1)}, ${entry(2)})`,
      'delete from audit_chain where number <= 2',
    ],
    ['the removal of entries 1 to 2 is not signed: they may have been deleted before their time'],
  ],
  'what is about a person was taken out of an entry': [
    [`update audit set actor_name = null, detail = null where id = ${entry(3)}`],
    [`entry 3 ${CHANGED}`],
  ],
  'what is about a person was taken out, with a hash in its place': [
    [
      `update audit set actor_name = null, detail = null where id = ${entry(3)}`,
      'update audit_chain set personal = hash, salt = null where number = 3',
    ],
    [`entry 3 ${CHANGED}`],
  ],
  'a link has lost its salt': [
    ['update audit_chain set salt = null where number = 3'],
    ['entry 3 was changed: its link has lost its salt'],
  ],
  'the signature was exchanged': [
    ["update audit_heads set signature = hash where kind = 'newest'"],
    ['the signed head of the store has a signature that is not valid'],
  ],
  'the signature was taken away': [
    ["update audit_heads set signature = null where kind = 'newest'"],
    ['the signed head of the store is not signed'],
  ],
};

const UNMARKED =
  'was changed: its link has lost its salt, and no later entry of the chain says that it was erased (one from a moment ago has its link in five seconds)';

/** The same after entry 3 was erased, as entry 7 says. */
const ERASED_FAULTS: typeof FAULTS = {
  'an entry was erased, and nothing else was done': [[], []],
  'an erased entry was edited': [
    [`update audit set event = 'unblocked' where id = ${entry(3)}`],
    [`entry 3 ${CHANGED}`],
  ],
  'an erased entry says something about a person again': [
    [`update audit set detail = 'user:x' where id = ${entry(3)}`],
    ['entry 3 was changed: it was erased, and says something about a person again'],
  ],
  'an erased entry was deleted': [
    [`delete from audit where id = ${entry(3)}`],
    ['entry 3 was deleted: its link has no entry'],
  ],
  'the entry of the erasure names another one': [
    [`update audit set detail = 'entries: 2-3; certificates: 0; requests: 0' where id = ${entry(7)}`],
    [`entry 7 ${CHANGED}`, `entry 3 ${UNMARKED}`],
  ],
  'a second entry lost its salt, with a hash of what it said': [
    [
      `update audit set actor_name = null, detail = null where id = ${entry(4)}`,
      'update audit_chain set personal = hash, salt = null where number = 4',
    ],
    [`entry 4 ${CHANGED}`],
  ],
};

/** Declares the tests for one database. `open`: a fresh store. */
export function chainFaults(name: string, open: () => Promise<Tampered>): void {
  const check = (title: string, body: (opened: Tampered) => Promise<void>): void =>
    void test(`${title}: ${name}`, async () => {
      const opened = await open();
      try {
        await filled(opened);
        await body(opened);
      } finally {
        await opened.store.close();
      }
    });

  check('nothing is wrong with a history that nobody changed', async ({ store }) => {
    const { faults, notes, links, end } = await verified(store);
    assert.deepEqual([faults, notes, links, end.number], [[], [], 6, 6]);
  });

  for (const [title, [statements, faults]] of Object.entries(FAULTS))
    check(title, async ({ store, sql }) => {
      for (const statement of statements) await sql(statement);
      assert.deepEqual(await faultsOf(store), faults);
    });

  for (const [title, [statements, faults]] of Object.entries(ERASED_FAULTS))
    check(title, async ({ store, sql }) => {
      const audit = { ...auditFor(9, 'erased'), at: later(60), actor: { kind: 'person', name: 'ops' } } as const;
      assert.equal((await store.erasePerson('3', audit)).erased.entries, 1);
      await link(store);
      for (const statement of statements) await sql(statement);
      assert.deepEqual(await faultsOf(store), faults);
    });

  check('an erasure is noted, and until its own entry has a link it is not believed', async ({ store }) => {
    await store.erasePerson('3', auditFor(9, 'erased', later(60)));
    assert.deepEqual(await faultsOf(store), [`entry 3 ${UNMARKED}`]);
    await link(store);
    const { faults, notes, links } = await verified(store);
    assert.deepEqual([faults, notes, links], [[], ['what entry 3 said about a person was erased'], 7]);
  });

  check('an entry that was deleted before it had a link', async ({ store, sql }) => {
    for (const name of ['user:new', 'user:next'] as const)
      await store.addBlock({ name, at: NOON, by: 'ops' }, auditFor(9, 'blocked'));
    await sql('delete from audit where id = (select min(id) from audit_unchained)');
    await link(store);
    assert.deepEqual(
      (await faultsOf(store)).map((fault) => fault.replace(/\d+/, 'N')),
      ['the entry with the id N was deleted before it had a link'],
    );
    assert.equal((await store.chainEnd())?.number, 7);
  });

  check(
    'the newest entry was deleted, and the next one is recorded and linked all the same',
    async ({ store, sql }) => {
      await sql('delete from audit where id = (select max(id) from audit)');
      await store.addBlock({ name: 'user:next', at: NOON, by: 'ops' }, auditFor(9, 'blocked'));
      await link(store);
      assert.equal((await store.chainEnd())?.number, 7);
      const faults = await faultsOf(store);
      assert.equal(faults.length, 1);
      assert.match(faults[0]!, /^entry 6 was (changed or moved|deleted)/);
    },
  );

  check(
    'a head that was exported proves that the end was cut off, also where the signed head was set back',
    async (opened) => {
      const { store, sql } = opened;
      const head = (await presentHead({ store, clock }))!;
      const exported = [{ file: 'kept.json', head }];
      assert.deepEqual((await verified(store, exported)).faults, []);
      await sql(`delete from audit where id in (${entry(5)}, ${entry(6)})`);
      await sql('delete from audit_chain where number > 4');
      await sql("delete from audit_heads where kind = 'newest'");
      await link(store);
      assert.deepEqual(await faultsOf(store), []);
      assert.deepEqual((await verified(store, exported)).faults, [
        'the chain was cut off: it ends at entry 4, and the head in kept.json was made at entry 6',
      ]);
      for (const n of [7, 8, 9]) {
        await store.addBlock({ name: `user:${n}`, at: NOON, by: 'ops' }, auditFor(n, 'blocked'));
        await link(store);
      }
      assert.deepEqual((await verified(store, exported)).faults, [
        'the chain up to entry 6 was rewritten: the head in kept.json has another hash',
      ]);
    },
  );

  check(
    'a history that was written anew, with every hash, does not fit what was signed, and is not signed on',
    async (opened) => {
      const { store, sql } = opened;
      const exported = [{ file: 'kept.json', head: (await presentHead({ store, clock }))! }];
      await sql(`update audit set detail = 'user:x' where id = ${entry(3)}`);
      await rehashed(opened);
      const rewritten = ['the chain up to entry 6 was rewritten: the signed head of the store has another hash'];
      assert.deepEqual(await faultsOf(store), rewritten);
      assert.deepEqual((await verified(store, exported)).faults, [
        ...rewritten,
        'the chain up to entry 6 was rewritten: the head in kept.json has another hash',
      ]);
      await store.addBlock({ name: 'user:new', at: NOON, by: 'ops' }, auditFor(9, 'blocked'));
      await assert.rejects(link(store), /^Error: The history up to entry 6 is not the one that was signed/);
      assert.equal((await presentHead({ store, clock }))?.number, 6);
    },
  );

  check('a chain that was begun again is another one', async ({ store, sql }) => {
    const exported = [{ file: 'kept.json', head: (await presentHead({ store, clock }))! }];
    for (const table of ['audit', 'audit_chain', 'audit_heads']) await sql(`delete from ${table}`);
    await store.addBlock({ name: 'user:new', at: NOON, by: 'ops' }, auditFor(9, 'blocked'));
    await link(store);
    assert.deepEqual(await faultsOf(store), []);
    assert.deepEqual((await verified(store, exported)).faults, [
      'the head in kept.json is of another chain, or this one was begun again',
    ]);
  });

  check('entries that were removed after their time are no fault, and their heads prove it', async ({ store }) => {
    const seal = headSeal(KEY);
    await store.removeOld({ kind: 'audit', before: later(5), limit: 100, seal });
    const { faults, links, removed } = await verified(store);
    // The entry of the certificate stays with it: 2, 3 and 4 went.
    assert.deepEqual([faults, links, removed], [[], 3, 3]);
    await link(store);
    assert.deepEqual(await faultsOf(store), []);
    await store.removeOld({ kind: 'audit', before: later(99_999_999), limit: 100, seal });
    await link(store);
    assert.deepEqual([await faultsOf(store), (await store.listAudit({})).length], [[], 0]);
  });

  check('an entry that was erased is removed after its time before the one that says so', async ({ store }) => {
    const seal = headSeal(KEY);
    await store.erasePerson('3', { ...auditFor(9, 'erased', later(60)), detail: 'x' });
    await link(store);
    for (const [before, left] of [
      [later(30), 2],
      [later(99_999_999), 0],
    ] as const) {
      await store.removeOld({ kind: 'audit', before, limit: 100, seal });
      await link(store);
      assert.deepEqual([await faultsOf(store), (await store.listAudit({})).length], [[], left]);
    }
  });

  check('a removal without a signature from before there was a key is named, and accepted', async ({ store }) => {
    await store.removeOld({ kind: 'audit', before: later(3), limit: 100 });
    assert.deepEqual(await faultsOf(store), [
      'the removal of entry 2 is not signed: they may have been deleted before their time',
    ]);
    const { faults } = await verifyHistory({ store, exported: [], keys: KEYS, unsignedUntil: 2 });
    assert.deepEqual(faults, []);
  });

  check('a key that is not known is named, and without any key a note says what that means', async ({ store }) => {
    const other = new Map([['00', [...KEYS.values()][0]!]]);
    const ofKeys = (keys: typeof other) => verifyHistory({ store, exported: [], keys, unsignedUntil: 0 });
    assert.deepEqual((await ofKeys(other)).faults, [
      `the signed head of the store is signed by the key ${keyName(KEY.spki)}, which is not known here: give its public key with --key`,
    ]);
    const { faults, notes } = await ofKeys(new Map());
    assert.deepEqual([faults, notes.length], [[], 1]);
  });
}

/** As one with the database and this source code would do it. */
async function rehashed({ store, sql, octets }: Tampered): Promise<void> {
  const genesis = (await store.listHeads()).find(({ kind }) => kind === 'genesis')!;
  let before = genesis.hash;
  for (const { number, entry: each, salt } of await store.listLinks({ after: 0, limit: 100 })) {
    before = linkHash({ number, before, entry: each!, personal: personalHash(salt!, each!) });
    await sql(`update audit_chain set hash = ${octets(before)} where number = ${number}`);
  }
}
