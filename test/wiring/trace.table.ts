/** `trace`: which rows of requests are in the store after the server has written and removed. */
import { dirname, join } from 'node:path';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { attemptFor } from '../../src/testing/store-attempts.ts';
import { until } from '../kit/until.ts';
import { clock, DAY, file } from './files.ts';
import type { Row } from './row.ts';
import { configured, PLAIN, started } from './server.ts';

let count = 0;
const NAME = 'Device-1';

/** The rows of a device that was there `days` ago so often, after the job has run; and those of a GetCACert now. */
async function rowsAfter(trace: object, { days, times }: { days: number; times: number }) {
  const path = join(dirname(file(`traced-${++count}/here`, '')), 'store.db');
  const at = new Date(Date.now() - days * DAY);
  const old = await openSqliteStore({ path, clock });
  await old.recordAttempts(Array.from({ length: times }, () => attemptFor(1, { at, endpoint: PLAIN.path })));
  await old.close();
  const { close, url } = await started(configured({ store: `sqlite:${path}`, trace }));
  const store = await openSqliteStore({ path, clock });
  try {
    await until(() => hasRun(store), 'a run of old-attempts', { every: 20 });
    await fetch(`${url(PLAIN.path)}?operation=GetCACert`);
    await close();
    const before = (await store.findAttempts({ name: NAME, limit: 2_000 })).length;
    const now = (await store.findAttempts({ name: '127.0.0.1', limit: 10 })).length;
    return { before, now };
  } finally {
    await store.close();
    await close();
  }
}

const hasRun = async (store: Store): Promise<boolean> =>
  (await store.listJobs()).some(({ name, finishedAt }) => name === 'old-attempts' && finishedAt !== undefined);

/** So many attempts of one device, whose names are those of the request. */
async function rowsOfDevice(perDevice: number): Promise<boolean> {
  const { enrolled } = await import('./device.ts');
  const path = join(dirname(file(`traced-${++count}/here`, '')), 'store.db');
  const old = await openSqliteStore({ path, clock });
  const device = { names: [{ kind: 'cn', value: 'Device-1' } as const], at: new Date() };
  await old.recordAttempts(Array.from({ length: 15 }, () => attemptFor(1, device)));
  await old.close();
  const { close, url } = await started(configured({ store: `sqlite:${path}`, trace: { perDevice } }));
  for (let n = 0; n < 2; n++) await enrolled(url(PLAIN.path), { subject: 'CN=Device-1', challenge: `wrong-${n}` });
  await close();
  const store = await openSqliteStore({ path, clock });
  try {
    return (await store.findAttempts({ name: NAME, limit: 100 })).length > 12;
  } finally {
    await store.close();
  }
}

export const TRACING: readonly Row[] = [
  {
    keys: ['trace.days'],
    question: 'which rows are there: one of three days ago, and one of now',
    ask: (days) => rowsAfter({ days: Number(days) }, { days: 3, times: 1 }),
    answers: { 0: { before: 0, now: 0 }, 2: { before: 0, now: 1 }, 4: { before: 1, now: 1 } },
  },
  {
    keys: ['trace.perEndpoint'],
    question: 'how many rows of an endpoint that had 1,005 are there',
    ask: (perEndpoint) => rowsAfter({ perEndpoint: Number(perEndpoint) }, { days: 1, times: 1_005 }),
    answers: { 1000: { before: 1_000, now: 1 }, 1003: { before: 1_003, now: 1 } },
  },
  {
    keys: ['trace.perDevice'],
    question: 'whether all 17 rows of one device are there',
    ask: (perDevice) => rowsOfDevice(Number(perDevice)),
    answers: { 10: false, 100: true },
  },
];
