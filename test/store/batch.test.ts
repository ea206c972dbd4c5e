/** The group commit: which writes share a transaction, and what becomes of each of them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CompiledQuery } from 'kysely';
import { groupCommit, type Write } from '../../src/store/batch.ts';
import type { Engine } from '../../src/store/engine.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/tables.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';
import { temporaryFile } from './temporary.ts';

async function opened(context: TestContext) {
  const engine = sqliteEngine(openDatabase(':memory:'), ':memory:');
  await migrate(engine, ':memory:');
  context.after(() => engine.close());
  const stored = async () => {
    const rows = await engine.db.selectFrom('consumed_challenges').select('id').orderBy('id').execute();
    return rows.map(({ id }) => id);
  };
  return { engine, stored, ...groupCommit(engine) };
}

/** A store in a file, and the connection of another process to it, which may take the lock. */
async function contended(context: TestContext) {
  const path = temporaryFile();
  const engine = sqliteEngine(openDatabase(path), path);
  await migrate(engine, path);
  const other = openDatabase(path);
  context.after(() => {
    other.close();
    return engine.close();
  });
  return { engine, other };
}

async function insert(tx: Database, id: string): Promise<void> {
  await tx.insertInto('consumed_challenges').values({ id, at: 0 }).execute();
}

const failure = (result: PromiseSettledResult<unknown> | undefined): string =>
  result?.status === 'rejected' ? String(result.reason) : `fulfilled: ${JSON.stringify(result?.value)}`;

test('writes of one moment share a transaction, up to 64; those that come meanwhile share the next', async (context) => {
  const { write } = await opened(context);
  // Each transaction is an object of its own.
  const seen: Write<Database> = (tx) => Promise.resolve(tx);
  let late: Promise<Database> | undefined;
  const first = write(async (tx) => {
    late = write(seen);
    return tx;
  });
  const others = await Promise.all(Array.from({ length: 63 }, () => write(seen)));
  assert.deepEqual(new Set([await first, ...others]).size, 1);
  assert.notEqual(await late, await first);
  const many = await Promise.all(Array.from({ length: 130 }, () => write(seen)));
  assert.equal(new Set(many).size, 3);
});

test('a write that fails is undone alone', async (context) => {
  const { write, stored } = await opened(context);
  const results = await Promise.allSettled([
    write((tx) => insert(tx, 'a')),
    write(async (tx) => {
      await insert(tx, 'b');
      throw new Error('no');
    }),
    write((tx) => insert(tx, 'c')),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(failure(results[1]), 'Error: no');
  assert.deepEqual(await stored(), ['a', 'c']);
});

test('a commit that fails rejects every write of its batch, and the next batch goes through', async (context) => {
  const { write, stored } = await opened(context);
  const results = await Promise.allSettled([
    write((tx) => insert(tx, 'a')),
    write(async (tx) => {
      await tx.executeQuery(CompiledQuery.raw('pragma defer_foreign_keys = on'));
      const row = {
        key: 'k',
        request: 'r',
        nonces: '',
        endpoint: '',
        transaction_id: '',
        signer: '',
        subject: '',
        reason: null,
      };
      await tx
        .insertInto('transactions')
        .values({ ...row, state: 'issued', created_at: 0, updated_at: 0, certificate_id: 404 })
        .execute();
    }),
    write((tx) => insert(tx, 'c')),
  ]);
  for (const result of results) assert.match(failure(result), /FOREIGN KEY constraint failed/);
  assert.deepEqual(await stored(), []);
  await write((tx) => insert(tx, 'd'));
  assert.deepEqual(await stored(), ['d']);
});

test('a transaction that the database gave up is made again, each write by itself', async (context) => {
  const { write, stored } = await opened(context);
  const results = await Promise.allSettled([
    write((tx) => insert(tx, 'a')),
    write(async (tx) => {
      await tx.executeQuery(CompiledQuery.raw('rollback'));
      throw new Error('gave up');
    }),
    write((tx) => insert(tx, 'c')),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(failure(results[1]), 'Error: gave up');
  assert.deepEqual(await stored(), ['a', 'c']);
  await write((tx) => insert(tx, 'd'));
  assert.deepEqual(await stored(), ['a', 'c', 'd']);
});

test('what is read outside of a transaction that is open is what is committed', async (context) => {
  const { write, stored } = await opened(context);
  const inserted = Promise.withResolvers<void>();
  const failing = write(async (tx) => {
    await insert(tx, 'undone');
    inserted.resolve();
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error('no');
  });
  await inserted.promise;
  assert.deepEqual(await stored(), []);
  await assert.rejects(failing, /no/);
});

test('a write that fails alone in its transaction runs once', async (context) => {
  const { write } = await opened(context);
  let runs = 0;
  const failing = write(() => {
    runs += 1;
    return Promise.reject(new Error('no'));
  });
  await assert.rejects(failing, /no/);
  assert.equal(runs, 1);
});

test('a write that meets a unique index is undone, looks once more, and then keeps its outcome', async (context) => {
  const { write, stored } = await opened(context);
  await write((tx) => insert(tx, 'taken'));
  let runs = 0;
  const second = await write(async (tx) => {
    runs += 1;
    await insert(tx, `trace ${runs}`);
    if (runs === 1) await insert(tx, 'taken');
    return 'looked again';
  });
  assert.equal(second, 'looked again');
  assert.deepEqual(await stored(), ['taken', 'trace 2']);
});

test('a write that meets a unique index twice is rejected', async (context) => {
  const { write } = await opened(context);
  await write((tx) => insert(tx, 'taken'));
  let runs = 0;
  const twice = write(async (tx) => {
    runs += 1;
    await insert(tx, 'taken');
  });
  await assert.rejects(twice, /UNIQUE constraint failed/);
  assert.equal(runs, 2);
});

test('I08 a write is acknowledged after its commit: another process then reads it, also beside one that failed', async (context) => {
  const { engine, other } = await contended(context);
  const { write } = groupCommit(engine);
  const committed = other.prepare('select count(*) as n from consumed_challenges where id = ?');
  /** How many rows the other connection sees in the moment of the acknowledgement. */
  const acknowledged = async (id: string): Promise<unknown> => {
    await write((tx) => insert(tx, id));
    return committed.get(id)?.['n'];
  };
  assert.equal(await acknowledged('alone'), 1);
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(acknowledged)), [1, 1, 1]);
  const beside = acknowledged('d');
  await assert.rejects(
    write(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await beside, 1);
});

test('while another process holds the lock other work goes on, and the write is done when it is free', async (context) => {
  const { engine, other } = await contended(context);
  other.exec('begin immediate');
  const { write } = groupCommit(engine);
  const written = write((tx) => insert(tx, 'a'));
  // This timer fires only while the write waits without holding everything up.
  setTimeout(() => other.exec('commit'), 300);
  await written;
});

test('where the lock is not to be had after a write has failed, it is waited for once', async (context) => {
  const { engine, other } = await contended(context);
  let tries = 0;
  const counted: Engine = {
    ...engine,
    async alone(work) {
      const result = engine.alone(work);
      if (++tries === 1) result.catch(() => other.exec('begin immediate'));
      return result;
    },
  };
  const { write } = groupCommit(counted);
  const results = await Promise.allSettled([
    write((tx) => insert(tx, 'a')),
    write(() => Promise.reject(new Error('no'))),
    write((tx) => insert(tx, 'c')),
  ]);
  for (const result of results) assert.match(failure(result), /database is locked/);
  assert.equal(tries, 2);
});

test('a transaction that cannot begin is tried once, and its reason is that of every write', async (context) => {
  const { engine, other } = await contended(context);
  other.exec('begin immediate');
  let tries = 0;
  const counted: Engine = { ...engine, alone: (work) => (tries++, engine.alone(work)) };
  const { write } = groupCommit(counted);
  const results = await Promise.allSettled(['a', 'b', 'c'].map((id) => write((tx) => insert(tx, id))));
  for (const result of results)
    assert.match(failure(result), /database is locked\. Another process holds the write lock/);
  assert.equal(tries, 1);
});

test('a write that has to look again because of another one may still be sent back by a unique index once', async (context) => {
  const { write, stored } = await opened(context);
  await write((tx) => insert(tx, 'taken'));
  let runs = 0;
  const results = await Promise.allSettled([
    write(async (tx) => {
      runs += 1;
      await insert(tx, runs === 2 ? 'taken' : `free ${runs}`);
    }),
    write(() => Promise.reject(new Error('no'))),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal(runs, 3);
  assert.deepEqual(await stored(), ['free 3', 'taken']);
});

test('the end waits for what was handed over and refuses what comes later', async (context) => {
  const { write, end, stored } = await opened(context);
  const before = write((tx) => insert(tx, 'a'));
  await end();
  assert.deepEqual(await stored(), ['a']);
  await before;
  await assert.rejects(
    write((tx) => insert(tx, 'b')),
    /The store is closed/,
  );
});
