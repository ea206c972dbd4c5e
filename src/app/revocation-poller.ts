/** The job that asks Intune which certificates to revoke, revokes them, and reports it. */
import { DAY, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { RevocationReport, WaitingRevocationRequest } from '../core/records.ts';
import type { CertificateStore, RevocationRequestStore } from '../core/store.ts';
import type { RevocationClient } from '../intune/revocation-client.ts';
import type { RevocationAnswer } from '../intune/revocation-requests.ts';
import type { Job } from '../jobs/leased-job.ts';
import { type RequestedRevocation, revokeRequested } from '../manage/requested-revocations.ts';

/**
 * A tenant that is asked. `sole`: no other program issues certificates for it, so that foreign requests are answered.
 * `foreignEndpoints`: names; their certificates are of other tenants, or of none.
 */
export type PolledTenant = {
  name: string;
  client: RevocationClient;
  sole: boolean;
  foreignEndpoints: readonly string[];
};

/** `issuers`: the certificates of our CAs, DER, those from before too. `every`: milliseconds between two runs. */
export type PollerParts = {
  tenants: readonly PolledTenant[];
  issuers: readonly Uint8Array[];
  store: RevocationRequestStore & Pick<CertificateStore, 'findCertificatesBySerial' | 'revoke'>;
  clock: Clock;
  emit: Emit;
  every?: number;
};

/** For 60 minutes after a download Intune hands out nothing; a minute more, because clocks differ. */
const COOL_DOWN = 61 * MINUTE;
/** An answer that Intune does not take is given up when its request is so old. */
const LONGEST_WAIT = 14 * DAY;
/** Answers that are refused even alone, before no others are sent alone in this run. */
const MOST_REFUSED = 100;

/**
 * What was downloaded before is finished first, so that a crash between any two steps loses nothing. Then comes the next
 * batch, when the cool-down is over: its time is in the store, and counts for all servers on it.
 */
export function revocationPoller({ every = 5 * MINUTE, ...parts }: PollerParts): Job {
  const run = async (signal: AbortSignal): Promise<void> => {
    const failed: { name: string; cause: unknown }[] = [];
    for (const tenant of parts.tenants)
      await poll({ ...parts, tenant, signal }).catch((cause: unknown) => {
        signal.throwIfAborted();
        failed.push({ name: tenant.name, cause });
      });
    if (failed.length > 0) throw failureOf(failed);
  };
  return { name: 'intune-revocations', every, run };
}

/** One error that names every tenant. */
const failureOf = (failed: readonly { name: string; cause: unknown }[]): Error =>
  new Error(failed.map(({ name, cause }) => `tenant ${name}: ${textOf(cause)}`).join('; '), {
    cause: failed[0]?.cause,
  });

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

type Poll = Omit<PollerParts, 'tenants' | 'every'> & { tenant: PolledTenant; signal: AbortSignal };

/** Results that cannot be uploaded keep no download back: the certificates of the next batch must be revoked. */
async function poll(parts: Poll): Promise<void> {
  const { tenant, store, clock, signal } = parts;
  const [before] = await Promise.allSettled([finish(parts)]);
  signal.throwIfAborted();
  const last = await store.lastRevocationDownload(tenant.name);
  const since = clock().getTime() - (last?.getTime() ?? -Infinity);
  // Less than nothing when the clock was set back.
  if (since >= 0 && since < COOL_DOWN) {
    if (before.status === 'rejected') throw before.reason;
    return;
  }
  const { batch, requests } = await tenant.client.downloadRevocationRequests(signal);
  await store.saveRevocationRequests({ tenant: tenant.name, batch, at: clock(), requests });
  await finish(parts);
}

/** Decides about all that has no result, and uploads all results. A batch that fails keeps no other one back. */
async function finish(parts: Poll): Promise<void> {
  const { tenant, store, signal } = parts;
  await decide(parts, await store.listRevocationRequests(tenant.name));
  const decided = await store.listRevocationRequests(tenant.name);
  const refused: WaitingRevocationRequest[] = [];
  const failed: unknown[] = [];
  for (const group of Map.groupBy(decided, ({ batch }) => batch).values())
    try {
      refused.push(...(await upload(group, parts, refused.length < MOST_REFUSED)));
    } catch (cause) {
      signal.throwIfAborted();
      failed.push(cause);
      refused.push(...group);
    }
  const left = await giveUpOld(refused, parts);
  if (failed.length > 0) throw failed[0];
  if (left > 0) throw new Error(`Intune did not take the results of ${left} revocation requests`);
}

const ANSWERS: Readonly<Record<RequestedRevocation, RevocationReport>> = {
  revoked: { succeeded: true, errorCode: 0 },
  already: { succeeded: true, errorCode: 0 },
  // CertificateNotFoundError and ParameterDataInvalidError of Microsoft's libraries.
  unknown: { succeeded: false, errorCode: 4004, errorMessage: 'This issuer has no certificate with this number.' },
  foreign: { succeeded: false, errorCode: 4004, errorMessage: 'The certificate is of another issuer.' },
  unreadable: { succeeded: false, errorCode: 4002, errorMessage: 'The serial number names no single certificate.' },
};

async function decide(parts: Poll, waiting: readonly WaitingRevocationRequest[]): Promise<void> {
  const { tenant, store, clock, issuers, emit, signal } = parts;
  const count = { revoked: 0, already: 0, unknown: 0, unreadable: 0, foreign: 0 };
  const left: WaitingRevocationRequest[] = [];
  const open = waiting.filter(({ result }) => !result);
  for (const request of open) {
    signal.throwIfAborted();
    const { name, foreignEndpoints } = tenant;
    const outcome = await revokeRequested(request, { tenant: name, foreignEndpoints, issuers, store, clock });
    count[outcome]++;
    if (outcome === 'foreign' && !tenant.sole) left.push(request);
    else await store.decideRevocationRequest(tenant.name, request.requestContext, ANSWERS[outcome]);
  }
  // Without an answer, so that the program that issued them gets them too.
  await store.removeRevocationRequests(tenant.name, contextsOf(left));
  if (open.length > 0) emit({ event: 'revocations-requested', tenant: tenant.name, ...count });
  if (left.length > 0) emit({ event: 'revocations-foreign', tenant: tenant.name, ...issuersOf(left) });
}

const contextsOf = (requests: readonly WaitingRevocationRequest[]): string[] =>
  requests.map(({ requestContext }) => requestContext);

/** Names that are said in one line of the log. */
const MOST_NAMES = 5;

const issuersOf = (left: readonly WaitingRevocationRequest[]) => ({
  number: left.length,
  issuers: [...new Set(left.map(({ issuerName = '' }) => issuerName))].slice(0, MOST_NAMES),
});

/** All of a batch, and where Intune does not take them, `alone`: one by one. Returns those that it does not take. */
async function upload(
  group: readonly WaitingRevocationRequest[],
  { tenant, store, signal }: Poll,
  alone: boolean,
): Promise<readonly WaitingRevocationRequest[]> {
  const taken = async (some: readonly WaitingRevocationRequest[]): Promise<boolean> => {
    signal.throwIfAborted();
    const isTaken = await tenant.client.uploadRevocationResults(some[0]!.batch, some.flatMap(answerOf), signal);
    if (isTaken) await store.removeRevocationRequests(tenant.name, contextsOf(some));
    return isTaken;
  };
  if (await taken(group)) return [];
  if (group.length === 1 || !alone) return group;
  const refused: WaitingRevocationRequest[] = [];
  for (const one of group) if (!(await taken([one]))) refused.push(one);
  return refused;
}

const answerOf = ({ requestContext, result }: WaitingRevocationRequest): RevocationAnswer[] =>
  result ? [{ requestContext, ...result }] : [];

/** The certificates are revoked in any case. Returns how many are not too old to be tried again. */
async function giveUpOld(
  refused: readonly WaitingRevocationRequest[],
  { tenant, store, clock, emit }: Poll,
): Promise<number> {
  const old = refused.filter(({ downloadedAt }) => clock().getTime() - downloadedAt.getTime() >= LONGEST_WAIT);
  await store.removeRevocationRequests(tenant.name, contextsOf(old));
  if (old.length > 0) emit({ event: 'revocation-results-given-up', tenant: tenant.name, requests: contextsOf(old) });
  return refused.length - old.length;
}
