/** Threads that answer the PKIOperations of the endpoints of one loading of the configuration. */
import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { within } from '../core/ask.ts';
import { defined } from '../core/defined.ts';
import type { Emit, ServerEvent } from '../core/events.ts';
import type { Notification } from '../core/notification.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { KeyTransport, SignatureInput } from '../core/keys.ts';
import type { Operate } from '../embed/enrollment.ts';
import { storeDeadline, systemDeadline } from '../embed/system.ts';
import type { Peer, PeerFunctions } from '../threads/peer.ts';
import { threadPool } from '../threads/pool.ts';
import { giveUp, newUser } from '../threads/turns.ts';
import { comparesOnly } from './comparing-policies.ts';
import type { LoadedRa } from './ra.ts';
import type { ServedEndpoint } from './served-endpoints.ts';
import type { Config } from '../config/schema.ts';
import { type CalledKeys, plannedKey, type PlannedEndpoint, plannedRa, type ThreadPlan } from './thread-plan.ts';

/** `turns` is the memory of the lock around writes to the store, which all loadings of one server share. */
export type ThreadParts = {
  served: readonly ServedEndpoint[];
  /** Where the configuration was read from. */
  file: string;
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
  check: () => Promise<void>;
  close: () => Promise<void>;
};

/** How many threads `listen.workers` means. */
export const threadsFor = (workers: 'auto' | number): number => (workers === 'auto' ? availableParallelism() : workers);

/** Rejects with what the start of a thread throws, such as ConfigError. */
export async function endpointThreads({
  served,
  file,
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
      const inTime = within(() => pool.call('pkiOperation', name, message, number), storeDeadline());
      const answer = inTime.finally(() => {
        running.delete(key);
        end();
      }) as ReturnType<Operate>;
      running.set(key, answer);
      return answer;
    },
    size,
    async check() {
      if (pool.alive === 0) throw new Error('no thread is running: the log has the reason (`thread-ended`)');
    },
    close: () => pool.close(),
  };
}

type Waits = Parameters<Operate>[2];

/** Requests in threads by their numbers, so that one that waits for a policy can say so. */
function waitingRequests() {
  const all = new Map<number, { waits: Waits; now: boolean }>();
  let last = 0;
  const say = (number: number, now: boolean): void => {
    const request = all.get(number);
    if (!request || request.now === now) return;
    request.now = now;
    request.waits?.(now);
  };
  const begin = (waits: Waits): { number: number; end: () => void } => {
    const number = ++last;
    all.set(number, { waits, now: false });
    // A thread that has ended says nothing more.
    const end = (): void => {
      say(number, false);
      all.delete(number);
    };
    return { number, end };
  };
  return { say, begin };
}

function plannedEndpoint(
  { name: endpoint, options, keeper, madeFrom }: ServedEndpoint,
  called: CalledKeys,
): PlannedEndpoint {
  const { policy, issuer: _i, ra: _r, crl, waiting: _w, previous = [], renewalFrom = [], next: _n, ...plain } = options;
  const { key, ...issuer } = madeFrom.issuer;
  const { name, decidesRenewals, strongChallenges } = policy;
  return {
    plain: { ...plain, name: endpoint },
    policy: comparesOnly(madeFrom.policy)
      ? { config: madeFrom.policy }
      : { name, notifies: policy.notify !== undefined, ...defined({ decidesRenewals, strongChallenges }) },
    issuer: { ...issuer, key: plannedKey(key, called) },
    ra: plannedRa(keeper.current(), called),
    hasList: crl !== undefined,
    previous: previous.map(({ certificate }) => certificate),
    renewalFrom: renewalFrom.map(({ certificate, isRevoked }) => ({ certificate, hasList: isRevoked !== undefined })),
  };
}

/** What threads call: whatever has connections, tokens or state of its own is only once in the process. */
function functionsFor(served: readonly ServedEndpoint[], called: CalledKeys, emit: Emit): PeerFunctions {
  const endpoints = new Map(served.map((each) => [each.name, each.options]));
  const at = (name: string) => {
    const options = endpoints.get(name);
    if (!options) throw new TypeError(`no endpoint with the name ${name}`);
    return options;
  };
  const key = (number: number) => {
    const found = called[number];
    if (!found) throw new TypeError(`no key with the number ${number}`);
    return found;
  };
  return {
    emit: (event: ServerEvent) => emit(event),
    decide: (name: string, request: EnrollmentRequest) => at(name).policy.decide(request, systemDeadline()),
    notify: (name: string, told: Notification) => at(name).policy.notify?.(told, systemDeadline()),
    crl: (name: string) => at(name).crl?.(),
    previousCrl: (name: string, index: number) => at(name).previous?.[index]?.crl(),
    isRevoked: (name: string, index: number, serial: string) =>
      at(name).renewalFrom?.[index]?.isRevoked?.(serial, systemDeadline()),
    sign: (number: number, input: SignatureInput) => key(number).sign(input),
    decrypt: (number: number, octets: Uint8Array, transport: KeyTransport) => key(number).decrypt?.(octets, transport),
  };
}
