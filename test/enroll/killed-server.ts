/**
 * A server in a process of its own, on the SQLite file and from the time of its arguments on, which a test kills. Its policy,
 * its CA and its Revoker are in the process of the test, so they outlive it, as the real ones do. Arguments: path, time
 * in milliseconds, the Step before which it is to kill itself, the one after which it is, and the Ability of its CA; each may be empty.
 */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import type { EndpointIssuer, Issued, IssuancePending } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import type { Decision } from '../../src/core/policy.ts';
import { createServer } from '../../src/embed/embed.ts';
import { softwareKey } from '../../src/keys/software.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { SendToAws } from '../backends/killed-product.ts';
import type { Answer, Call, Identity } from './killed.ts';

const [path = '', time = '', killBefore = '', killAfter = '', ability = ''] = process.argv.slice(2);
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

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('SIGKILL is not caught');
}

type Methods = Record<string, (...given: unknown[]) => Promise<unknown>>;

/** The same, whose method with the name of a step ends the process. */
function killing<T extends Store | EndpointIssuer>(parts: T): T {
  const methods = parts as unknown as Methods;
  const doomed: Methods = {};
  if (methods[killBefore]) doomed[killBefore] = die;
  const done = methods[killAfter];
  if (done) doomed[killAfter] = (...given) => done(...given).then(die);
  return { ...parts, ...doomed };
}

const toAws: SendToAws = (command) => ask('aws', { name: command.name, input: command.input });
const product = identity.product && (await import('../backends/killed-product.ts')).productOf(identity.product, toAws);
const issuer: EndpointIssuer = product ?? {
  issue: (request) => ask<Issued | IssuancePending>('issue', request),
  ...(ability === '' && { poll: (reference) => ask<Issued | IssuancePending>('poll', reference) }),
  ...(ability === 'find' && { find: (request) => ask<Issued | undefined>('find', request) }),
  ...(ability === 'idempotent' && { capabilities: { idempotent: true } }),
};

const server = await createServer({
  endpoints: [
    {
      path: identity.path,
      policy: { name: 'test', decide: (request) => ask<Decision>('decide', request) },
      issuer: killing(issuer),
      revoker: product?.revoke ? { revoke: product.revoke } : { revoke: (order) => ask<void>('revoke', order) },
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
