/** What an operator sees first: what is wrong, what waits, what ends, and how each part stands. */
import { z } from 'zod';
import { DAY, HOUR, MINUTE } from '../core/durations.ts';
import { listJobs } from '../manage/job-status.ts';
import { action, type Running } from './action.ts';
import { AUTHORITY_ACTIONS } from './authority-actions.ts';
import type { AuthorityView } from './authority-view.ts';
import { CONDITION_ACTIONS } from './condition-actions.ts';
import { HOUR_CHART, lastHours } from './hour-chart.ts';
import { ENDPOINT_ACTIONS } from './endpoint-actions.ts';
import { attemptsWithin, isAt } from './placed-endpoints.ts';
import { placesFor } from './seen-certificates.ts';
import { TIME } from './shown-certificate.ts';
import { TENANT_ACTIONS } from './tenant-actions.ts';
import type { TenantView } from './tenant-view.ts';

const [CONDITIONS] = CONDITION_ACTIONS;
const [AUTHORITIES] = AUTHORITY_ACTIONS;
const [TENANTS] = TENANT_ACTIONS;
const [ENDPOINTS] = ENDPOINT_ACTIONS;

/** `more`: there are more than that. */
const count = z.object({ number: z.number().int(), more: z.boolean() });
const standing = z.enum(['valid', 'ends', 'ended', 'not yet valid']);

/** `lists`: what becomes of its revocation lists. `failure`: why its key cannot sign; without `standing` why it could not be loaded. */
const authority = z.object({
  name: z.string(),
  standing: standing.optional(),
  notAfter: TIME.optional(),
  ra: z.array(z.object({ role: z.string(), standing, notAfter: TIME })),
  lists: z.array(z.object({ name: z.string(), nextUpdate: TIME.optional(), failure: z.string().optional() })),
  failure: z.string().optional(),
});

const tenant = z.object({
  name: z.string(),
  usable: z.boolean(),
  detail: z.string(),
  credentialEnds: TIME.optional(),
  waiting: z.number().int(),
});

const endpoint = z.object({ name: z.string(), serves: z.boolean(), reason: z.string().optional() });
const job = z.object({
  name: z.string(),
  state: z.enum(['running', 'waiting', 'overdue']),
  lastRun: TIME.optional(),
  lastError: z.string().optional(),
});

/** Refused and failed requests of the last hours by the code of docs/errors.md, the most first. `more`: only the newest were counted. */
const refused = z.object({
  hours: z.number().int(),
  more: z.boolean(),
  causes: z.array(z.object({ code: z.string(), number: z.number().int() })),
});

/** `late`: a server whose last sign of life is older than two minutes; it gives one each minute. */
const store = z.object({
  kind: z.string(),
  schema: z.number().int(),
  writes: z.boolean(),
  servers: z.array(z.object({ id: z.string(), seen: TIME, late: z.boolean() })),
});

/** `days`: how soon a certificate ends that counts as ending. What only a running server knows is absent elsewhere. */
const overview = z.object({
  conditions: CONDITIONS.output,
  waiting: z.number().int(),
  certificates: z.object({ valid: count, ending: count, revoked: count, days: z.number().int() }),
  authorities: z.array(authority).optional(),
  tenants: z.array(tenant).optional(),
  endpoints: z.array(endpoint).optional(),
  refused,
  hours: HOUR_CHART,
  store: store.optional(),
  jobs: z.array(job),
});

/** All of it. */
export type Overview = z.output<typeof overview>;

/** Days before its end from which a certificate counts as ending: Intune renews when a fifth of its life is left. */
const SOON = 30;
/** Hours, and attempts that are read, of what was refused. */
const REFUSED_HOURS = 24;
const MOST_REFUSED = 500;
/** Without a sign of life a server is late: one may fail. */
const LATE = 2 * MINUTE;

/** The one action of the page. */
export const OVERVIEW_ACTIONS = [
  action({
    name: 'overview.read',
    about:
      'What is wrong, what waits, what ends soon, and how authorities, tenants, endpoints, the store and jobs stand.',
    permission: 'view',
    route: 'GET /overview',
    input: z.object({}),
    output: overview,
    run: read,
  }),
] as const;

async function read(running: Running<unknown>): Promise<Overview> {
  const { desk } = running;
  const asked = { ...running, input: {} };
  const [conditions, waiting, certificates, refused, hours, jobs] = await Promise.all([
    CONDITIONS.run(asked),
    waitingIn(running),
    certificatesIn(running),
    refusedIn(running),
    lastHours(running),
    jobsIn(running),
  ]);
  return {
    conditions,
    waiting,
    certificates,
    refused,
    hours,
    jobs,
    ...(running.reach.everywhere && { store: await storeOf(running, conditions) }),
    ...(desk.authorities && { authorities: (await AUTHORITIES.run(asked)).authorities.map(authorityOf) }),
    ...(desk.tenants && { tenants: (await TENANTS.run(asked)).tenants.map(tenantOf) }),
    ...(desk.endpoints && { endpoints: (await ENDPOINTS.run(asked)).endpoints.map(endpointOf) }),
  };
}

const waitingIn = async (running: Running<unknown>): Promise<number> =>
  (await running.desk.store.countPending()).reduce(
    (sum, { endpoint, number }) => (isAt(running, endpoint) ? sum + number : sum),
    0,
  );

/** Each count reads a bounded number of rows. */
async function certificatesIn(running: Running<unknown>): Promise<Overview['certificates']> {
  const { store, clock } = running.desk;
  const now = clock();
  const places = await placesFor(running, {});
  const query = { now, ...(places && { places }) };
  const all = await store.countByState(query);
  const soon = await store.countByState({
    ...query,
    ends: { from: now, before: new Date(now.getTime() + SOON * DAY) },
  });
  return { valid: all.delivered, revoked: all.revoked, ending: soon.delivered, days: SOON };
}

async function refusedIn(running: Running<unknown>): Promise<Overview['refused']> {
  const { store, clock } = running.desk;
  const since = new Date(clock().getTime() - REFUSED_HOURS * HOUR);
  const limited = attemptsWithin(running, store);
  const attempts = await limited.findAttempts({ failed: true, since, limit: MOST_REFUSED });
  const numbers = new Map<string, number>();
  for (const { code, times, endpoint } of attempts)
    if (code !== undefined && isAt(running, endpoint)) numbers.set(code, (numbers.get(code) ?? 0) + times);
  const causes = [...numbers].map(([code, number]) => ({ code, number })).toSorted((a, b) => b.number - a.number);
  return { hours: REFUSED_HOURS, more: attempts.length === MOST_REFUSED, causes };
}

/** As the last look found it: a page that is read changes nothing. */
async function storeOf(
  { desk }: Running<unknown>,
  { conditions }: Overview['conditions'],
): Promise<z.output<typeof store>> {
  const { kind, schema, servers } = await desk.store.storeStanding();
  const now = desk.clock().getTime();
  return {
    kind,
    schema,
    writes: !conditions.some((each) => each.kind === 'store-unavailable'),
    servers: servers.map(({ id, seen }) => ({ id, seen: seen.toISOString(), late: now - seen.getTime() > LATE })),
  };
}

/** Jobs belong to no place. */
async function jobsIn({ desk, reach }: Running<unknown>): Promise<Overview['jobs']> {
  if (!reach.everywhere) return [];
  return (await listJobs(desk)).map(({ name, state, lastRun, lastError }) => ({
    name,
    state,
    ...(lastRun && { lastRun: lastRun.toISOString() }),
    ...(lastError !== undefined && { lastError }),
  }));
}

function authorityOf({
  name,
  chain,
  ra,
  lists,
  key,
  failure = key.failure,
}: AuthorityView): z.output<typeof authority> {
  const [issuing] = chain;
  return {
    name,
    ...(issuing && { standing: issuing.standing, notAfter: issuing.notAfter }),
    ra: ra.map(({ role, standing, notAfter }) => ({ role, standing, notAfter })),
    lists: lists.map(({ name, nextUpdate, failure }) => ({ name, nextUpdate, failure })),
    ...(failure !== undefined && { failure }),
  };
}

const tenantOf = ({ name, usable, detail, credential, outbox }: TenantView): z.output<typeof tenant> => ({
  name,
  usable,
  detail,
  waiting: outbox.waiting,
  ...(credential.ends !== undefined && { credentialEnds: credential.ends }),
});

const endpointOf = ({ name, serves, reason }: z.output<typeof endpoint>): z.output<typeof endpoint> => ({
  name,
  serves,
  ...(reason !== undefined && { reason }),
});
