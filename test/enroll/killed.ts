/** Starts servers that are killed, and answers for what outlives them: the policy, the CA, its Revoker. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ProductPlan } from '../backends/killed-product.ts';
import { PATH } from '../kit/endpoint-under-test.ts';
import { issuing, ra, root } from '../kit/pki.ts';

/** What a server asks, and the answer to it. */
export type Call = {
  id: number;
  what: 'decide' | 'issue' | 'poll' | 'find' | 'revoke' | 'event' | 'aws' | 'listening';
  argument: unknown;
};
export type Answer = { id: number; value?: unknown; error?: string };
/** The registration authority of a server, and its URL. `raKey` is PKCS#8, DER. `product`: its CA, which is asked by the server itself. */
export type Identity = { path: string; ra: Uint8Array; raKey: Uint8Array; chain: Uint8Array[]; product?: ProductPlan };

const IDENTITY: Identity = {
  path: PATH,
  ra: ra.certificate,
  raKey: ra.key.privateKey.export({ format: 'der', type: 'pkcs8' }),
  chain: [issuing.certificate, root.certificate],
};

/** What the policy, the CA and the Revoker answer; an exception is one for the server too. `event` gets names of events. */
export type World = Record<Exclude<Call['what'], 'listening' | 'find' | 'aws'>, (argument: never) => unknown> & {
  find?: (argument: never) => unknown;
  aws?: (argument: never) => unknown;
};

/** What a server does before or after which it can kill itself: writes of the store, and the order at the CA. */
export type Step = 'recordPending' | 'recordIssued' | 'postponeIssuance' | 'addOrder' | 'endOrders' | 'issue';

/** How the issuer of a server knows what became of an order; a CA with neither lets requests wait. */
export type Ability = 'find' | 'idempotent' | 'neither';

/** Where and when a server runs, before or after which step it is to kill itself, and what its CA can do, or which product it is. */
export type Life = {
  path: string;
  at: Date;
  killBefore?: Step;
  killAfter?: Step;
  ability?: Ability;
  product?: ProductPlan;
};

/**
 * A server in a process of its own. `post` sends one SCEP message and rejects when the server dies meanwhile; `kill`
 * sends SIGKILL, if it still lives, and waits for the end of the process.
 */
export async function serverProcess(
  t: TestContext,
  { path, at, killBefore, killAfter, ability, product }: Life,
  world: World,
) {
  const child = fork(
    join(import.meta.dirname, 'killed-server.ts'),
    [path, String(at.getTime()), killBefore ?? '', killAfter ?? '', ability ?? ''],
    { serialization: 'advanced' },
  );
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const listening = Promise.withResolvers<string>();
  child.on('message', (call: Call) => {
    if (call.what === 'listening') return listening.resolve(call.argument as string);
    void answerOf(call, world).then((answer) => child.connected && child.send(answer));
  });
  child.send({ ...IDENTITY, ...(product && { product, chain: product.chain }) });
  const origin = await listening.promise;
  return {
    async post(message: Uint8Array) {
      const response = await fetch(`${origin}${PATH}`, { method: 'POST', body: Buffer.from(message) });
      return { body: new Uint8Array(await response.arrayBuffer()) };
    },
    async kill(): Promise<unknown> {
      child.kill('SIGKILL');
      const [, signal] = (await exit) as [number, string];
      return signal;
    },
  };
}

async function answerOf({ id, what, argument }: Call, world: World): Promise<Answer> {
  try {
    return { id, value: await world[what as keyof World]?.(argument as never) };
  } catch (error) {
    return { id, error: (error as Error).message };
  }
}
