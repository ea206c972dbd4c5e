/** `audit`: whether the history that the server wrote is signed with the key of the file. */
import { dirname, join } from 'node:path';
import { isSignedBy, keyName } from '../../src/audit/signed-head.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { presentHead } from '../../src/manage/history-verification.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { ecKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { clock, file } from './files.ts';
import type { Row } from './row.ts';
import { configured, started } from './server.ts';

const PASSPHRASE = 'passphrase-of-the-audit';
const key = ecKey('wiring audit');
const plain = file('audit/plain.pem', privateKeyPem(key.privateKey));
const locked = file('audit/locked.pem', privateKeyPem(key.privateKey, PASSPHRASE));

let count = 0;

/** By which key, after a server has run on a store with one entry. */
async function signedBy(audit: object): Promise<string> {
  const path = join(dirname(file(`audited-${++count}/here`, '')), 'store.db');
  const store = await openSqliteStore({ path, clock });
  await recorded(store, issuanceFor(1));
  const { close } = await started(configured({ store: `sqlite:${path}`, audit }));
  try {
    const isOver = async () =>
      (await store.listJobs()).some(({ name, dueAt }) => name === 'audit-chain' && dueAt !== undefined);
    await until(isOver, 'a run of audit-chain', { every: 20 });
    const head = await presentHead({ store, clock });
    const { signature } = head ?? {};
    if (!head || !signature) return `${head?.number} entry, not signed`;
    const ours = head.key === keyName(key.spki) && isSignedBy(readPublicKey(key.spki).key, head, { signature });
    return `${head.number} entry, ${ours ? 'signed with this key' : 'signed with another key'}`;
  } finally {
    await close();
    await store.close();
  }
}

export const AUDITING: readonly Row[] = [
  {
    keys: ['audit.key', 'audit.passphrase'],
    question: 'whether the chain is signed',
    ask: (place) =>
      signedBy({ none: {}, plain: { key: plain }, locked: { key: locked, passphrase: PASSPHRASE } }[place] ?? {}),
    answers: {
      none: '1 entry, not signed',
      plain: '1 entry, signed with this key',
      locked: '1 entry, signed with this key',
    },
  },
];
