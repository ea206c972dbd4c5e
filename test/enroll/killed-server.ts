/**
 * A server in a process of its own, on the SQLite file and from the time of its arguments on, which a test kills. Its policy,
 * its CA and its Revoker are in the process of the test, so they outlive it, as the real ones do. Arguments: path, time
 * in milliseconds, and, if it is to kill itself, the write of the store before which it does: `recordPending` or
 * `recordIssued`.
 */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import type { Issued, IssuancePending } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import type { Decision } from '../../src/core/policy.ts';
import { createServer } from '../../src/embed/embed.ts';
import { softwareKey } from '../../src/keys/software.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Answer, Call, Identity } from './killed.ts';

const [path = '', time = '', killBefore] = process.argv.slice(2);
const clock = () => new Date(Number(time) + performance.now());

const waiting = new Map<number, PromiseWithResolvers<unknown>>();
let calls = 0;

/** Asks the process of the test. */
function ask<T>(what: Call['what'], argument: unknown): Promise<T> {
  const answer = Promise.withResolvers<unknown>();
  waiting.set(++calls, answer);
  process.send!({ id: calls, what, argument } satisfies Call);
  return answer.promise as Promise<T>;
}

const [identity] = (await once(process, 'message')) as [Identity];
process.on('message', ({ id, value, error }: Answer) => {
  const { resolve, reject } = waiting.get(id)!;
  return error === undefined ? resolve(value) : reject(new Error(error));
});

function killing(store: Store): Store {
  const die = (): never => {
    process.kill(process.pid, 'SIGKILL');
    throw new Error('SIGKILL is not caught');
  };
  return killBefore ? { ...store, [killBefore]: die } : store;
}

const server = await createServer({
  endpoints: [
    {
      path: identity.path,
      policy: { name: 'test', decide: (request) => ask<Decision>('decide', request) },
      issuer: {
        issue: (request) => ask<Issued | IssuancePending>('issue', request),
        poll: (reference) => ask<Issued | IssuancePending>('poll', reference),
      },
      revoker: { revoke: (order) => ask<void>('revoke', order) },
      ra: {
        certificate: identity.ra,
        key: softwareKey(createPrivateKey({ key: Buffer.from(identity.raKey), format: 'der', type: 'pkcs8' })),
      },
      chain: identity.chain,
      signingTime: 'off',
    },
  ],
  store: killing(await openSqliteStore({ path, clock })),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  clock,
  onEvent: ({ event }) => void ask('event', event),
  notificationInterval: 10,
});
await ask('listening', await server.listen({ port: 0, host: '127.0.0.1' }));
