/** Finds a device by anything it is known by, and joins all of its requests. */
import { type AttemptStore, foldedName, type StoredAttempt } from '../core/attempt-store.ts';
import { LATELY } from './asked-lately.ts';
import { type CertificatesBySign, certificatesCalled } from './certificates-called.ts';
import { deviceOf } from './device.ts';
import { explanationOf } from './remedies.ts';
import { type Joined, type TraceStep, type TraceVerdict, verdictOf } from './verdict.ts';

/** All requests of one device, or those without a message of one address. Steps: oldest first, the newest ones where there are too many. */
export type Trace = { name: string; label: string; steps: TraceStep[]; verdict: TraceVerdict };

/** A device in a list. `name`: what to look for next. */
export type TracedDevice = { name: string; label: string; at: Date; last: TraceStep; attempts: number };

/**
 * `trace`: of one device. `devices`: several have this name or address; `silent`: what came from the address without a message.
 * `names`: nothing is called so, and these begin so.
 */
export type LookedUp =
  | { kind: 'trace'; trace: Trace }
  | { kind: 'devices'; devices: TracedDevice[]; silent?: Trace }
  | { kind: 'names'; names: string[] };

/** What is looked through. */
export type TracedStore = Pick<AttemptStore, 'findAttempts' | 'listAttemptNames'> & CertificatesBySign;

/** `sees`: whether the one who asks may see what happened at an endpoint. */
export type LookUpOptions = {
  store: TracedStore;
  sees?: (endpoint: string) => boolean;
};

/** Attempts that are read for one name, transactions of one device, and names in a list. */
const MOST = { attempts: 500, transactions: 40, names: 50 };

/** `query`: a name, address or transactionID, whole or its beginning, or the whole serial number or thumbprint of a certificate. */
export async function lookUp(query: string, options: LookUpOptions): Promise<LookedUp> {
  for (const name of spellings(query)) {
    const found = await attemptsNamed(name, options);
    if (found.length > 0) return grouped(name, found, options);
  }
  const certified = await ofCertificate(query, options);
  if (certified) return certified;
  const names = query.trim() === '' ? [] : await options.store.listAttemptNames(query.trim(), MOST.names);
  const seen = options.sees ? await seenNames(names, options) : names;
  const [only, ...others] = seen;
  // As it is: it may have blanks at its ends, which a query has not.
  const found = only === undefined || others.length > 0 ? [] : await attemptsNamed(only, options);
  return only === undefined || found.length === 0 ? { kind: 'names', names: seen } : grouped(only, found, options);
}

/** Ids are written in braces too. */
function spellings(query: string): string[] {
  const plain = query.trim();
  return [...new Set([plain, plain.replace(/^\{(.*)\}$/, '$1')])].filter((each) => each !== '');
}

/** The device that got the certificate with this serial number or thumbprint. */
async function ofCertificate(query: string, options: LookUpOptions): Promise<LookedUp | undefined> {
  for (const { transactionId, serial } of await certificatesCalled(query, options.store)) {
    const same = transactionId === '' ? [] : await attemptsNamed(transactionId, options);
    const found = same.filter((each) => each.serial === serial);
    if (found.length > 0) return grouped(transactionId, found, options);
  }
  return undefined;
}

/** Names of attempts that may not be seen are not there. */
async function seenNames(names: readonly string[], options: LookUpOptions): Promise<string[]> {
  const seen: string[] = [];
  for (const name of names) if ((await attemptsNamed(name, options)).length > 0) seen.push(name);
  return seen;
}

async function attemptsNamed(name: string, { store, sees = () => true }: LookUpOptions): Promise<StoredAttempt[]> {
  return (await store.findAttempts({ name, limit: MOST.attempts })).filter(({ endpoint }) => sees(endpoint));
}

async function grouped(name: string, found: readonly StoredAttempt[], options: LookUpOptions): Promise<LookedUp> {
  const devices = new Map<string, StoredAttempt[]>();
  for (const each of found) {
    const device = deviceOf(each);
    if (device !== undefined) devices.set(device, [...(devices.get(device) ?? []), each]);
  }
  const silent = found.filter((each) => deviceOf(each) === undefined);
  const isAddress = found.every(({ address }) => foldedName(address) === foldedName(name));
  const [only, ...others] = devices.keys();
  if (only === undefined)
    return { kind: 'trace', trace: traceOf(name, name, silent.map(step(isAddress ? 'address' : 'transaction'))) };
  if (others.length === 0) return { kind: 'trace', trace: await deviceTrace(only, options) };
  const listed = [...devices].map(([device, attempts]) => listedDevice(device, attempts));
  const alone = isAddress && silent.length > 0 ? traceOf(name, name, silent.map(step('address'))) : undefined;
  return { kind: 'devices', devices: listed, ...(alone && { silent: alone }) };
}

const step =
  (joined: Joined) =>
  (attempt: StoredAttempt): TraceStep => {
    const explained = explanationOf(attempt);
    return { ...attempt, joined, ...(explained && { what: explained.what, remedy: explained.remedy }) };
  };

/** Attempts as the steps of a list. */
export const stepsOf = (attempts: readonly StoredAttempt[]): TraceStep[] => attempts.map(step('name'));

const labelOf = ({ subject, names }: StoredAttempt, name: string): string =>
  names.find(({ kind }) => kind === 'cn')?.value ?? subject ?? name;

function listedDevice(name: string, [last, ...others]: readonly StoredAttempt[]): TracedDevice {
  if (!last) throw new RangeError('A device without an attempt is in no list.');
  const attempts = [last, ...others].reduce((sum, { times }) => sum + times, 0);
  return { name, label: labelOf(last, name), at: last.lastAt ?? last.at, last: step('name')(last), attempts };
}

function traceOf(name: string, label: string, steps: readonly TraceStep[]): Trace {
  const ordered = [...steps].sort((a, b) => a.at.getTime() - b.at.getTime() || a.id - b.id);
  return { name, label, steps: ordered, verdict: verdictOf(ordered) };
}

async function deviceTrace(name: string, options: LookUpOptions): Promise<Trace> {
  const own = await attemptsNamed(name, options);
  const found = new Map(own.map((each) => [each.id, step('name')(each)]));
  const add = (attempts: readonly StoredAttempt[], joined: Joined): void => {
    for (const each of attempts) if (!found.has(each.id)) found.set(each.id, step(joined)(each));
  };
  for (const transaction of transactionsOf(own)) {
    const same = await attemptsNamed(transaction, options);
    add(
      same.filter((each) => each.transactionId === transaction && deviceOf(each) === undefined),
      'transaction',
    );
  }
  add(await fromSameAddress([...found.values()], options), 'address');
  const [newest] = own;
  return traceOf(name, newest ? labelOf(newest, name) : name, [...found.values()]);
}

const transactionsOf = (attempts: readonly StoredAttempt[]): string[] =>
  [...new Set(attempts.flatMap(({ transactionId }) => transactionId ?? []))].slice(0, MOST.transactions);

/** What came from the same address and the same program within ten minutes before a request of the device, or after its last one. */
async function fromSameAddress(own: readonly StoredAttempt[], options: LookUpOptions): Promise<StoredAttempt[]> {
  const found: StoredAttempt[] = [];
  for (const address of new Set(own.map((each) => each.address))) {
    const mine = own.filter((each) => each.address === address);
    const newest = Math.max(...mine.map(({ id }) => id));
    const before = { name: address, before: newest, limit: MOST.attempts };
    const near = [...(await options.store.findAttempts(before))].filter(
      ({ endpoint }) => options.sees?.(endpoint) ?? true,
    );
    found.push(...near.filter((each) => isNear(each, mine)));
  }
  return found;
}

function isNear(each: StoredAttempt, mine: readonly StoredAttempt[]): boolean {
  if (deviceOf(each) !== undefined || each.transactionId !== undefined) return false;
  const last = (each.lastAt ?? each.at).getTime();
  return mine.some(
    ({ at, userAgent }) => userAgent === each.userAgent && last <= at.getTime() && at.getTime() - last <= LATELY,
  );
}
