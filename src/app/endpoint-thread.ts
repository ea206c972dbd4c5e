/** The code of one thread: it answers PKIOperations, from the octets of the request to those of the CertRep. */
import { localAuthority } from '../ca/local-authority.ts';
import type { Emit } from '../core/events.ts';
import type { EndpointIssuer, Finder } from '../core/issuer.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Policy } from '../core/policy.ts';
import type { Store } from '../core/store.ts';
import { type EndpointOptions, scepServices } from '../embed/enrollment.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { softwareKey } from '../keys/software.ts';
import { runThread } from '../threads/thread.ts';
import { takeOne } from '../threads/shared-rate.ts';
import { turns } from '../threads/turns.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { WriteTurns } from '../store/sqlite-engine.ts';
import { comparingPolicy } from './comparing-policies.ts';
import type { LoadedRa } from './ra-certificate.ts';
import { preferMainThread } from './thread-priority.ts';
import type { CalledIssuer, CalledPolicy, PlannedEndpoint, PlannedKey, PlannedRa, ThreadPlan } from './thread-plan.ts';

/** Calls a function of the main thread; what it answers has the type that the caller knows. */
type Main = { call: (name: string, ...args: unknown[]) => Promise<unknown> };

preferMainThread();
await runThread(async (data, main) => {
  const plan = data as ThreadPlan;
  const { memory, user } = plan.turns;
  const store = await openStore(plan, turns(memory, user));
  const ras = new Map(plan.endpoints.map(({ plain, ra }) => [plain.name, loadedRa(ra, main)]));
  const endpoints = plan.endpoints.map((each) => endpointOptions(each, { main, store, ras }));
  const emit: Emit = (event) => main.tell('emit', event);
  // As in the main thread: it belongs to one request, and the others go on.
  process.on('unhandledRejection', (err) => emit({ event: 'rejection-unhandled', err }));
  const services = scepServices(endpoints, { store, clock: systemClock, random: systemRandom, emit });
  const named = new Map(services.map((service) => [service.name, service]));
  return {
    pkiOperation: (name: string, message: Uint8Array, number: number) =>
      named.get(name)?.pkiOperation(message, waitsOf(number, main)),
    ra: (name: string, ra: PlannedRa) => void ras.set(name, loadedRa(ra, main)),
    close: () => store.close(),
  };
});

/**
 * Says when the request waits, and when it goes on. What is decided at once, as by a policy that only compares, is not worth
 * two messages.
 */
function waitsOf(number: number, main: Teller): (waiting: boolean) => void {
  let waits = false;
  let said = false;
  const say = (): void => {
    if (waits === said) return;
    said = waits;
    main.tell('waits', number, waits);
  };
  return (waiting) => {
    waits = waiting;
    if (waiting) setImmediate(say);
    else say();
  };
}

/** What reads a configuration file is loaded for a database only: its password may be another one at each connection. */
async function openStore({ file, server, store }: ThreadPlan, lock: WriteTurns): Promise<Store> {
  if (store.kind === 'sqlite') return openSqliteStore({ path: store.path, clock: systemClock, turns: lock });
  const { openSharedDatabase } = await import('./configured-store.ts');
  return openSharedDatabase(file, store, server);
}

type Teller = { tell: (name: string, ...args: unknown[]) => void };
type Parts = { main: Main; store: Store; ras: ReadonlyMap<string, LoadedRa> };

function endpointOptions(
  { plain, policy, issuer, revokes, hasList, previous, renewalFrom }: PlannedEndpoint,
  { main, store, ras }: Parts,
): EndpointOptions {
  const { name } = plain;
  const octets = (of: string, ...args: unknown[]) => main.call(of, name, ...args) as Promise<Uint8Array>;
  const revoked = (index: number, serial: string) => main.call('isRevoked', name, index, serial) as Promise<boolean>;
  const clock = systemClock;
  return {
    ...plain,
    policy: 'config' in policy ? comparingPolicy(policy.config, store) : called(policy, name, main),
    issuer:
      'key' in issuer
        ? localAuthority({ ...issuer, key: keyFrom(issuer.key, main), clock, random: systemRandom, take: takeOne })
        : calledIssuer(issuer, name, main),
    ...(revokes && { revoker: { revoke: (order) => main.call('revoke', name, order) as Promise<void> } }),
    ra: () => ras.get(name) as LoadedRa,
    ...(hasList && { crl: () => octets('crl') }),
    previous: previous.map((certificate, index) => ({ certificate, crl: () => octets('previousCrl', index) })),
    renewalFrom: renewalFrom.map(({ certificate, hasList: listed }, index) => ({
      certificate,
      ...(listed && { isRevoked: (serial: string) => revoked(index, serial) }),
    })),
  };
}

function called({ notifies, ...policy }: CalledPolicy, name: string, main: Main): Policy {
  return {
    ...policy,
    decide: (request) => main.call('decide', name, request) as ReturnType<Policy['decide']>,
    ...(notifies && {
      notify: (told) => main.call('notify', name, told) as ReturnType<NonNullable<Policy['notify']>>,
    }),
  };
}

/** The CA of an endpoint, called in the main thread, which ends a call at its deadline. */
function calledIssuer(
  { polls, finds, ...issuer }: CalledIssuer,
  name: string,
  main: Main,
): EndpointIssuer & Partial<Finder> {
  const call = (of: string, ...args: unknown[]) => main.call(of, name, ...args) as ReturnType<EndpointIssuer['issue']>;
  return {
    ...issuer,
    issue: (request, decision) => call('issue', request, decision),
    ...(polls && { poll: (reference) => call('poll', reference) }),
    ...(finds && { find: (request, _, since) => call('find', request, since) as ReturnType<Finder['find']> }),
  };
}

function loadedRa({ signer, retired, kem, ...current }: PlannedRa, main: Main): LoadedRa {
  const pair = ({ certificate, key }: { certificate: Uint8Array; key: PlannedKey }) => ({
    certificate,
    key: keyFrom(key, main),
  });
  return { ...pair(current), retired: retired.map(pair), kem: kem.map(pair), ...(signer && { signer: pair(signer) }) };
}

function keyFrom(planned: PlannedKey, main: Main): KeyProvider {
  if ('privateKey' in planned) return softwareKey(planned.privateKey);
  const { number, spki, kind, decrypts } = planned;
  const call = (name: string, ...args: unknown[]) => main.call(name, number, ...args) as Promise<Uint8Array>;
  return {
    spki,
    kind,
    sign: (input) => call('sign', input),
    ...(decrypts && { decrypt: (ciphertext, transport) => call('decrypt', ciphertext, transport) }),
  };
}
