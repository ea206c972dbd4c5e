/**
 * A second process on the same file. Says "open", waits for a line, then does what its first argument says:
 * `race`: 20 issuances under one key and 20 that want one challenge, all at once, then 200 under keys of their own, one
 * after the other; prints what became of them as JSON.
 * `write`: writes until it is killed; prints the number of each issuance after it was acknowledged.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { issuanceFor, NOON } from '../../src/testing/store-samples.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

const [task = '', path = '', name = ''] = process.argv.slice(2);
const store = await openSqliteStore({ path, clock: () => NOON });
// Synchronous, so that what was acknowledged has left this process before anything else happens.
const say = (line: string) => writeSync(1, `${line}\n`);

async function race(): Promise<void> {
  const twenty = Array.from({ length: 20 }, (_, n) => n);
  const { transaction } = issuanceFor(0);
  const challengers = name === 'first' ? 1_000 : 2_000;
  const duplicates = twenty.map((n) => {
    const issuance = issuanceFor(n);
    return { ...issuance, transaction, certificate: { ...issuance.certificate, serial: `${name}-${n}` } };
  });
  const wanting = twenty.map((n) => issuanceFor(challengers + n, { consumes: 'one-time' }));
  const results = await Promise.all([...duplicates, ...wanting].map((issuance) => store.recordIssued(issuance)));
  for (let n = 100; n < 300; n += 1) {
    const issuance = issuanceFor(n);
    const certificate = { ...issuance.certificate, serial: `${name}-${n}` };
    results.push(await store.recordIssued({ ...issuance, certificate }));
  }
  say(JSON.stringify(results.map(({ kind }) => kind)));
  await store.close();
}

async function writeOn(from: number): Promise<void> {
  for (let n = from; ; n += 8) {
    await store.recordIssued(issuanceFor(n, { notification: 'strict', consumes: `challenge-${n}` }));
    say(String(n));
  }
}

say('open');
await once(process.stdin, 'data');
if (task === 'race') await race();
else await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(writeOn));
process.stdin.destroy();
