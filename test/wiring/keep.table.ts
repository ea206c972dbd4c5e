/** `keep`: what is left of a certificate that ended 100 days ago, after the server has run its job. */
import { dirname, join } from 'node:path';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { chained, issuanceFor } from '../../src/testing/store-samples.ts';
import { until } from '../kit/until.ts';
import { clock, DAY, file } from './files.ts';
import type { Row } from './row.ts';
import { configured, started } from './server.ts';

const ago = (days: number): Date => new Date(Date.now() - days * DAY);
const { transaction, certificate, ...rest } = issuanceFor(1);
const ISSUANCE = {
  ...rest,
  transaction,
  audit: { ...rest.audit, at: ago(465) },
  certificate: { ...certificate, issuedAt: ago(465), notBefore: ago(465), notAfter: ago(100) },
};

let count = 0;

async function leftAfter(keep: object): Promise<{ der: boolean; transaction: boolean; history: boolean }> {
  const path = join(dirname(file(`kept-${++count}/here`, '')), 'store.db');
  const old = await openSqliteStore({ path, clock: () => ago(465) });
  await recorded(old, ISSUANCE);
  await chained(old);
  await old.close();
  const { close } = await started(configured({ store: `sqlite:${path}`, keep }));
  const store = await openSqliteStore({ path, clock });
  try {
    await until(() => hasRun(store), 'a run of old-records', { every: 20 });
    return {
      der: (await store.findCertificate(certificate))!.der.length > 0,
      transaction: (await store.findTransaction(transaction.key)) !== undefined,
      history: (await store.listAudit({})).length > 0,
    };
  } finally {
    await store.close();
    await close();
  }
}

const hasRun = async (store: Store): Promise<boolean> =>
  (await store.listJobs()).some(({ name, finishedAt }) => name === 'old-records' && finishedAt !== undefined);

const all = { der: true, transaction: true, history: true };

export const KEEPING: readonly Row[] = [
  {
    keys: ['keep.der'],
    question: 'what is left, where transactions are kept for 20 days',
    ask: (der) => leftAfter({ der, transactions: '20d' }),
    answers: { '99d': { ...all, der: false, transaction: false }, '101d': { ...all, transaction: false } },
  },
  {
    keys: ['keep.transactions'],
    question: 'what is left, where DER is kept for 20 days, but not shorter than transactions',
    ask: (transactions) => leftAfter({ transactions, der: '20d' }),
    answers: { '99d': { ...all, der: false, transaction: false }, '101d': all },
  },
  {
    keys: ['keep.audit'],
    question: 'what is left',
    ask: (audit) => leftAfter({ audit }),
    answers: { '99d': { ...all, history: false }, '101d': all },
  },
];
