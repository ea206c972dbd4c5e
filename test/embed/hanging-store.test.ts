/** Background work on a store of an embedder that does not answer: it fails in time, runs again, and the server ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/core/store.ts';
import { createServer } from '../../src/embed/embed.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { PATH } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { issuing, ra, random, root } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { until } from '../kit/until.ts';

for (const call of ['claimNotifications', 'listJobs', 'claimJob'] as const)
  test(`a store whose ${call} never answers: the job fails at its time limit and runs again, and the server ends`, async (t) => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    // The three minutes of the store are 700 milliseconds: longer than the half second for which calls share a signal.
    t.mock.method(AbortSignal, 'timeout', (ms: number) => timeout(ms === 180_000 ? 700 : ms));
    const clock = handClock();
    const store = await openSqliteStore({ path: ':memory:', clock });
    let calls = 0;
    const stuck: Store = new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        if (name === call) calls++;
        return name === call && calls <= 1 ? () => new Promise(() => {}) : (method.bind(target) as unknown);
      },
    });
    const log = keptLog();
    const server = await createServer({
      endpoints: [
        {
          path: PATH,
          ra,
          chain: [issuing.certificate, root.certificate],
          policy: allows('none'),
          issuer: { issue: () => Promise.reject(new Error('not used')) },
        },
      ],
      store: stuck,
      logger: log,
      clock,
      random,
      notificationInterval: 10,
    });
    // Keeps the process alive: the timers of a server do not.
    await server.listen({ port: 0, host: '127.0.0.1' });
    while (!log.lines.some((line) => line.includes('"event":"job-failed"'))) await log.next();
    await until(() => calls >= 3, 'two more calls', { every: 10 });
    calls = 0;
    await until(() => calls > 0, 'another call', { every: 1 });
    await server.close();
    await store.close();
    assert.match(log.lines.join('\n'), /"job":"notifications"/);
  });
