/** What is wrong now, as this server sees it: from what `/readyz` shows, the certificates that end, the jobs and the store. */
import type { ReadinessOptions } from '../admin/readiness.ts';
import { type SeenCondition, seenCondition } from '../core/condition.ts';
import { DAY, HOUR } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import { runProbes } from '../core/probe.ts';
import { clockWentBack } from '../core/signing-clock.ts';
import type { OutboxStanding } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { standingOf, standingText, type Watched } from '../core/watched.ts';
import type { IntuneClient } from '../intune/client.ts';
import { type JobStatus, listJobs } from '../manage/job-status.ts';
import { peopleConditions, type PeopleStoreNames } from './people-conditions.ts';
import { endpointStandings, type ReadinessParts } from './standings.ts';

/** What is looked at, beside the parts of readiness. `jobs`: the names of those that a server of this configuration runs. */
export type ConditionParts = Omit<ReadinessParts, 'store'> & {
  store: Pick<
    Store,
    | 'check'
    | 'outboxStanding'
    | 'directoryStanding'
    | 'lastSigned'
    | 'listJobs'
    | 'approvalStanding'
    | 'orderStanding'
    | 'messageStandings'
    | 'lastBackup'
    | PeopleStoreNames
  >;
  probes: ReadinessOptions['probes'];
  load: ReadinessOptions['load'];
  jobs: readonly string[];
  /** How old the last backup may be. Milliseconds. */
  backupMaxAge?: number | undefined;
  /** False shortly after the start, when a job may be due since the server was stopped. */
  settled: boolean;
};

/** Milliseconds after which a person should have decided about a request. */
const LONGEST_WAIT = DAY;

/** `complete`: false when something could not be looked at, because the store fails: that is a condition of its own. */
export type SeenNow = { seen: SeenCondition[]; complete: boolean };

/** All of them. Does not throw. */
export async function seenConditions(parts: ConditionParts): Promise<SeenNow> {
  const looks = await Promise.allSettled(LOOKS.map(async (look) => look(parts)));
  return {
    seen: looks.flatMap((each) => (each.status === 'fulfilled' ? each.value : [])),
    complete: looks.every(({ status }) => status === 'fulfilled'),
  };
}

const LOOKS: readonly ((parts: ConditionParts) => Promise<SeenCondition[]> | SeenCondition[])[] = [
  unready,
  ({ endpoints, clock }) => endpointStandings(endpoints, clock).flatMap(endpointCondition),
  ({ clients }) => [...clients].flatMap(([tenant, client]) => tenantConditions(tenant, client)),
  ({ keys }) => [...(keys ?? [])].flatMap(([authority, standing]) => keyCondition(authority, standing())),
  ({ issuers }) => [...(issuers ?? [])].flatMap(([authority, standing]) => issuerCondition(authority, standing())),
  ({ issuerWarnings }) =>
    [...(issuerWarnings ?? [])].flatMap(([authority, now]) => warningConditions(authority, now())),
  ({ watched, clock }) => watched().flatMap((each) => endingCondition(each, clock())),
  outbox,
  approvals,
  unknownOrders,
  untold,
  ({ crls }) => [...(crls ?? [])].flatMap(([name, list]) => listCondition(name, list.failure?.())),
  clockCondition,
  async ({ directories = [], store }) => (await Promise.all(directories.map((each) => directory(store, each)))).flat(),
  ({ people, ...parts }) => (people ? peopleConditions(people, parts) : []),
  jobConditions,
  backupCondition,
  ({ load }) => load().flatMap(loadCondition),
];

/** The probes of `/readyz`; that of the endpoints is a condition for each endpoint. */
async function unready({ probes }: ConditionParts): Promise<SeenCondition[]> {
  const failed = await runProbes(
    probes.filter(({ name }) => name !== 'endpoints'),
    () => undefined,
  );
  return failed.flatMap(({ name, reason }) => {
    if (reason === undefined) return [];
    if (name === 'store') return [storeCondition(reason)];
    return [seenCondition('server-not-ready', { of: name, what: `The check of ${name} fails: ${reason}` })];
  });
}

/** The store does not answer or cannot write. */
export const storeCondition = (reason: string): SeenCondition =>
  seenCondition('store-unavailable', { what: `The store cannot write: ${reason}` });

function endpointCondition({ name, reason }: { name: string; reason: string | undefined }): SeenCondition[] {
  if (reason === undefined) return [];
  const what = `The endpoint ${name} is not served: ${reason}`;
  return [seenCondition('endpoint-not-served', { of: name, what, subject: { kind: 'endpoint', name } })];
}

function tenantConditions(tenant: string, client: IntuneClient): SeenCondition[] {
  const { fault, notification } = client.health();
  const subject = { kind: 'tenant', name: tenant } as const;
  const of = { of: tenant, subject };
  if (fault)
    return [
      seenCondition('tenant-unusable', {
        ...of,
        what: `The tenant ${tenant} cannot be used: ${fault.message}`,
        remedy: fault.remedy,
      }),
    ];
  if (!notification) return [];
  const what = `Notifications to the tenant ${tenant} fail: ${notification.fault.message}`;
  return [seenCondition('tenant-notifications-fail', { ...of, what, remedy: notification.fault.remedy })];
}

function keyCondition(authority: string, reason: string | undefined): SeenCondition[] {
  if (reason === undefined) return [];
  const what = `The key of the authority ${authority} does not work: ${reason}`;
  return [seenCondition('key-failed', { of: authority, what, subject: { kind: 'authority', name: authority } })];
}

function issuerCondition(authority: string, reason: string | undefined): SeenCondition[] {
  if (reason === undefined) return [];
  const what = `The CA of the authority ${authority} cannot be used: ${reason}`;
  return [seenCondition('issuer-failed', { of: authority, what, subject: { kind: 'authority', name: authority } })];
}

function warningConditions(authority: string, warnings: readonly string[]): SeenCondition[] {
  if (warnings.length === 0) return [];
  const what = `The CA of the authority ${authority} should be changed: ${warnings.join(' ')}`;
  return [seenCondition('issuer-warns', { of: authority, what, subject: { kind: 'authority', name: authority } })];
}

function endingCondition(watched: Watched, now: Date): SeenCondition[] {
  const standing = standingOf(watched, now);
  if (standing === 'valid') return [];
  const kind = standing === 'ends' ? 'certificate-ends' : 'certificate-not-in-force';
  const { what, subject } = watched;
  const owner = /^(authority|tenant|endpoint) ([^:]+): /.exec(what);
  const text = `${what} ${subject} ${standingText(watched, now)}`;
  return [seenCondition(kind, { of: `${what} ${subject}`, what: text, ...(owner && { subject: ownerOf(owner) }) })];
}

const ownerOf = ([, kind, name = '']: RegExpExecArray) => ({ kind: kind as 'authority' | 'tenant' | 'endpoint', name });

/** Milliseconds after which a notification in the outbox is old. */
const OLD = HOUR;

const isOlder = (oldest: Date | undefined, ms: number, now: Date): oldest is Date =>
  oldest !== undefined && now.getTime() - oldest.getTime() >= ms;

async function outbox({ store, clock }: ConditionParts): Promise<SeenCondition[]> {
  const { waiting, oldest } = await store.outboxStanding();
  if (!isOlder(oldest, OLD, clock())) return [];
  return [seenCondition('outbox-old', { what: waitingText('notifications wait in the outbox', waiting, oldest) })];
}

async function approvals({ store, clock }: ConditionParts): Promise<SeenCondition[]> {
  const { waiting, oldest }: OutboxStanding = await store.approvalStanding();
  if (!isOlder(oldest, LONGEST_WAIT, clock())) return [];
  return [seenCondition('requests-wait', { what: waitingText('requests wait for approval', waiting, oldest) })];
}

async function unknownOrders({ store, clock }: ConditionParts): Promise<SeenCondition[]> {
  const { waiting, oldest } = await store.orderStanding(new Date(clock().getTime() - OLD));
  if (!oldest) return [];
  const text = waitingText('orders may have left a certificate at a CA', waiting, oldest);
  return [seenCondition('orders-unknown', { what: text })];
}

async function untold({ store, clock }: ConditionParts): Promise<SeenCondition[]> {
  const standings = await store.messageStandings();
  return standings.flatMap(({ receiver, waiting, oldest }) => {
    if (!isOlder(oldest, OLD, clock())) return [];
    return [
      seenCondition('messages-wait', {
        of: receiver,
        what: waitingText(`messages to ${receiver} wait`, waiting, oldest),
      }),
    ];
  });
}

const waitingText = (what: string, number: number, oldest: Date): string =>
  `${number} ${what}, the oldest since ${oldest.toISOString()}`;

function listCondition(name: string, failure: Error | undefined): SeenCondition[] {
  if (!failure) return [];
  const what = `No new revocation list of ${name} can be made, the last one is served: ${failure.message}`;
  return [seenCondition('revocation-list-failed', { of: name, what, remedy: remedyOf(failure) })];
}

async function clockCondition({ store, clock }: ConditionParts): Promise<SeenCondition[]> {
  const problem = clockWentBack(clock(), await store.lastSigned());
  return problem ? [seenCondition('clock-went-back', { what: problem.message, remedy: problem.remedy })] : [];
}

const remedyOf = (error: Error): string | undefined => (error instanceof ConfigError ? error.remedy : undefined);

async function directory(store: ConditionParts['store'], tenant: string): Promise<SeenCondition[]> {
  const { error, waiting } = await store.directoryStanding(tenant);
  const of = { of: tenant, subject: { kind: 'tenant', name: tenant } } as const;
  return [
    ...(error === ''
      ? []
      : [seenCondition('directory-failed', { ...of, what: `The directory of the tenant ${tenant} fails: ${error}` })]),
    ...(waiting === 0
      ? []
      : [seenCondition('directory-waits', { ...of, what: `${waiting} certificates of the tenant ${tenant} wait` })]),
  ];
}

async function jobConditions({ store, clock, jobs, settled }: ConditionParts): Promise<SeenCondition[]> {
  const all = await listJobs({ store, clock });
  return all.filter(({ name, state }) => jobs.includes(name) && (settled || state !== 'overdue')).flatMap(jobCondition);
}

function jobCondition({ name, state, lastError, due }: JobStatus): SeenCondition[] {
  const of = { of: name, subject: { kind: 'job', name } } as const;
  if (state === 'overdue')
    return [
      seenCondition('job-overdue', {
        ...of,
        what: `The job ${name} does not run${due ? `, due since ${due.toISOString()}` : ''}`,
      }),
    ];
  return lastError === undefined
    ? []
    : [seenCondition('job-failed', { ...of, what: `The job ${name} fails: ${lastError}` })];
}

async function backupCondition({ store, clock, backupMaxAge }: ConditionParts): Promise<SeenCondition[]> {
  if (backupMaxAge === undefined) return [];
  const last = await store.lastBackup();
  if (last && !isOlder(last, backupMaxAge, clock())) return [];
  const what = last ? `The last backup was made at ${last.toISOString()}` : 'No backup of this store was made';
  return [seenCondition('backup-old', { what })];
}

function loadCondition({ endpoint, full, answerMs }: ReturnType<ConditionParts['load']>[number]): SeenCondition[] {
  if (!full) return [];
  const what = `The endpoint ${endpoint} refuses requests: what it has taken on needs ${Math.round(answerMs)} ms`;
  return [seenCondition('overloaded', { of: endpoint, what, subject: { kind: 'endpoint', name: endpoint } })];
}
