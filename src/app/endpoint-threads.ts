/** Threads that answer the PKIOperations of the endpoints of one loading of the configuration. */
import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { within } from '../core/ask.ts';
import type { Emit } from '../core/events.ts';
import type { Operate } from '../embed/enrollment.ts';
import { storeDeadline } from '../embed/system.ts';
import type { Peer } from '../threads/peer.ts';
import { threadPool } from '../threads/pool.ts';
import { giveUp, newUser } from '../threads/turns.ts';
import type { LoadedRa } from './ra-certificate.ts';
import type { ServedEndpoint } from './served-endpoints.ts';
import type { Config } from '../config/schema.ts';
import { functionsFor } from './thread-functions.ts';
import { type CalledKeys, plannedEndpoint, plannedRa, type ThreadPlan } from './thread-plan.ts';
import { waitingRequests } from './waiting-requests.ts';

/** `turns` is the memory of the lock around writes to the store, which all loadings of one server share. */
export type ThreadParts = {
  served: readonly ServedEndpoint[];
  /** Where the configuration was read from. */
  file: string;
  /** The id of this server. */
  server: string;
  /** As in `ClaimedStore`. */
  assertHeld: () => void;
  config: Pick<Config, 'store'>;
  turns: Int32Array;
  size: number;
  emit: Emit;
};

/** `check` throws when no thread is running. */
export type EndpointThreads = {
  operate: Operate;
  /** How many there are. */
  size: number;
  /** How many run now. */
  alive: () => number;
  check: () => Promise<void>;
  close: () => Promise<void>;
};

/** How many threads `listen.workers` means. */
export const threadsFor = (workers: 'auto' | number): number => (workers === 'auto' ? availableParallelism() : workers);

/** Rejects with what the start of a thread throws, such as ConfigError. */
export async function endpointThreads({
  served,
  file,
  server,
  assertHeld,
  config,
  turns,
  size,
  emit,
}: ThreadParts): Promise<EndpointThreads> {
  const called: CalledKeys = [];
  const waiting = waitingRequests();
  const told = new Map<string, LoadedRa>();
  const keepers = new Map(served.map(({ name, keeper }) => [name, keeper]));
  const plan = (): ThreadPlan => ({
    file,
    server,
    store: config.store,
    turns: { memory: turns, user: newUser(turns) },
    endpoints: served.map((each) => plannedEndpoint(each, called)),
  });
  const tellRa = (tell: Peer['tell'], name: string, ra: LoadedRa): void => tell('ra', name, plannedRa(ra, called));
  const pool = await threadPool({
    entry: new URL(`./endpoint-thread${extname(import.meta.url)}`, import.meta.url),
    size,
    data: plan,
    ready: (thread) => served.forEach(({ name, keeper }) => tellRa(thread.tell, name, keeper.current())),
    functions: { ...functionsFor(served, called, emit), waits: waiting.say },
    gone: ({ turns: { memory, user } }) => giveUp(memory, user),
    ended: (err) => emit({ event: 'thread-ended', err }),
  });
  const running = new Map<string, ReturnType<Operate>>();

  /** The threads get a new RA before the messages that are encrypted to it. */
  function tellNewRa(name: string): void {
    const ra = keepers.get(name)?.current();
    if (!ra || told.get(name) === ra) return;
    told.set(name, ra);
    tellRa(pool.tellAll, name, ra);
  }

  return {
    /** The same octets, sent again while they are worked on, get the same answer: two threads would both ask Intune. */
    operate(name, message, waits) {
      const key = `${name} ${hash('sha256', message, 'hex')}`;
      const before = running.get(key);
      if (before) {
        waits?.(true);
        return before.finally(() => waits?.(false));
      }
      tellNewRa(name);
      const { number, end } = waiting.begin(waits);
      const inTime = within(() => {
        assertHeld();
        return pool.call('pkiOperation', name, message, number);
      }, storeDeadline());
      const answer = inTime.finally(() => {
        running.delete(key);
        end();
      }) as ReturnType<Operate>;
      running.set(key, answer);
      return answer;
    },
    size,
    alive: () => pool.alive,
    async check() {
      if (pool.alive === 0) throw new Error('no thread is running: the log has the reason (`thread-ended`)');
    },
    close: () => pool.close(),
  };
}
