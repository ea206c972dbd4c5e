/** Before a store with sealed secrets is used: the key is the one of all servers, and every secret is sealed with it. */
import { ConfigError } from '../core/errors.ts';
import type { Engine } from './engine.ts';
import { decodeIssuance, encodeIssuance } from './issuance-codec.ts';
import { decodeNotification, encodeNotification } from './notification-codec.ts';
import { changes, PLACES } from './sealed-store.ts';
import type { Sealer } from './sealer.ts';
import type { Database } from './tables.ts';
import { transactAgain } from './undone.ts';

/** The row that every key of the store must open. */
export const PROOF = 'proof';
const CONTENT = Buffer.from('openndes');
const PAGE = 500;

/** `where` names the database for the errors. `sealer` is absent where there is no `secretsKey`. */
export type SecretsCheck = { where: string; sealer: Sealer | undefined };

/** Throws ConfigError when the key is missing, or is not that of the servers that used the store before. */
export async function assertSecretsKey(engine: Engine, { where, sealer }: SecretsCheck): Promise<void> {
  const proof = sealer && Buffer.from(sealer.seal(CONTENT, PROOF)).toString('base64');
  const found = await transactAgain(engine, async (tx) => {
    const known = await proofIn(tx);
    if (known !== undefined || proof === undefined) return known;
    await tx
      .insertInto('secrets')
      .values({ name: PROOF, version: 1, value: proof })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return proofIn(tx);
  });
  assertOpens(found, { where, sealer });
}

/** As `assertSecretsKey`, and writes nothing: any key will do where none was used yet. */
export const assertKnownKey = async ({ db }: Pick<Engine, 'db'>, check: SecretsCheck): Promise<void> =>
  assertOpens(await proofIn(db), check);

function assertOpens(found: string | undefined, { where, sealer }: SecretsCheck): void {
  if (found === undefined) return;
  if (!sealer)
    throw new ConfigError(
      `store: the secrets in ${where} are sealed, and \`store.secretsKey\` is missing`,
      'Give it the key that the other servers of the database have, or had.',
    );
  if (sealer.sealedBy(Buffer.from(found, 'base64')) === 'unknown') throw wrong(where);
  sealer.open(Buffer.from(found, 'base64'), PROOF);
}

const proofIn = async (tx: Database): Promise<string | undefined> =>
  (await tx.selectFrom('secrets').select('value').where('name', '=', PROOF).executeTakeFirst())?.value;

const wrong = (where: string): ConfigError =>
  new ConfigError(
    `store: \`store.secretsKey\` is not the key with which the secrets in ${where} are sealed`,
    'Give it the key that the other servers of the database have. To replace that, write `[OLD, NEW]` at every server, then `[NEW, OLD]` at every server, then the new one alone.',
  );

/**
 * Seals with the first key what is sealed with another one, or not at all. Throws ConfigError when a secret is sealed
 * with a key that is not given.
 */
export async function sealAgain(engine: Engine, { where, sealer }: SecretsCheck): Promise<void> {
  if (!sealer) return;
  for (const page of [notificationPage, requestPage])
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      after = await transactAgain(engine, (tx) => page(tx, { after: from, sealer, where }));
    }
  await transactAgain(engine, (tx) => sealSecretsAgain(tx, { sealer, where }));
  const proof = Buffer.from(sealer.seal(CONTENT, PROOF)).toString('base64');
  await transactAgain(engine, (tx) =>
    tx.updateTable('secrets').set({ value: proof }).where('name', '=', PROOF).execute(),
  );
}

type Sealing = { sealer: Sealer; where: string };
type Page = Sealing & { after: number };

/** Whether it is to be sealed again. */
function isOld({ sealer, where }: Sealing, octets: Uint8Array): boolean {
  const by = sealer.sealedBy(octets);
  if (by === 'unknown') throw wrong(where);
  return by !== 'first';
}

/** Returns the last row of the page; undefined when there was none. */
async function notificationPage(tx: Database, page: Page): Promise<number | undefined> {
  const { open, seal } = changes(page.sealer).notifications;
  const rows = await tx
    .selectFrom('notifications')
    .select(['id', 'payload'])
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(PAGE)
    .execute();
  for (const { id, payload } of rows) {
    const notification = decodeNotification(payload);
    if (!isOld(page, notification.csr)) continue;
    const sealed = encodeNotification(seal(open(notification)));
    await tx.updateTable('notifications').set({ payload: sealed }).where('id', '=', id).execute();
  }
  return rows.at(-1)?.id;
}

/** As `notificationPage`. A request that is decided meanwhile is erased, and so left alone. */
async function requestPage(tx: Database, page: Page): Promise<number | undefined> {
  const { open, seal } = changes(page.sealer).requests;
  const rows = await tx
    .selectFrom('transactions')
    .select(['id', 'key', 'csr', 'issuance'])
    .where('state', 'in', ['pending', 'approved'])
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(PAGE)
    .execute();
  for (const { id, key, csr, issuance } of rows) {
    if (csr === null || !isOld(page, csr)) continue;
    const found = { key, csr, ...(issuance !== null && { issuance: decodeIssuance(issuance) }) };
    const sealed = seal(open(found));
    await tx
      .updateTable('transactions')
      .set({ csr: sealed.csr, ...(sealed.issuance && { issuance: encodeIssuance(sealed.issuance) }) })
      .where('id', '=', id)
      .where('csr', '=', csr)
      .execute();
  }
  return rows.at(-1)?.id;
}

/** Those that servers share: about as many as there are authorities. One that is written meanwhile is left to its writer. */
async function sealSecretsAgain(tx: Database, { sealer, where }: Sealing): Promise<void> {
  const rows = await tx.selectFrom('secrets').select(['name', 'value']).where('name', '!=', PROOF).execute();
  for (const { name, value } of rows) {
    const octets = Buffer.from(value, 'base64');
    // One that is not sealed is not of a server: reading it is an error, and must stay one.
    if (sealer.sealedBy(octets) === 'none' || !isOld({ sealer, where }, octets)) continue;
    const place = PLACES.secret(name);
    const sealed = Buffer.from(sealer.seal(sealer.open(octets, place), place)).toString('base64');
    await tx
      .updateTable('secrets')
      .set({ value: sealed })
      .where('name', '=', name)
      .where('value', '=', value)
      .execute();
  }
}
