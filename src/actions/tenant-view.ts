/** What a running server shows of its tenants. Nothing in it is secret. */
import { z } from 'zod';
import type { Placed } from './seen-places.ts';
import { TIME } from './shown-certificate.ts';

/** `ends` and what follows are absent where nobody knows when it ends. */
const credential = z.object({
  kind: z.enum(['client secret', 'certificate', 'workload identity', 'managed identity']),
  subject: z.string().optional(),
  ends: TIME.optional(),
  standing: z.enum(['valid', 'ends', 'ended', 'not yet valid']).optional(),
});

/** The roles in the last token for a service. `missing`: those that this configuration needs and the token lacks. */
const permissions = z.object({
  service: z.enum(['Intune', 'Microsoft Graph']),
  at: TIME,
  roles: z.array(z.string()),
  missing: z.array(z.string()),
});

/** `duration`: milliseconds. `result`: the code of Intune, the status of HTTP, or what went wrong. */
const lastCall = z.object({
  at: TIME,
  call: z.string(),
  host: z.string(),
  result: z.string(),
  duration: z.number().int(),
  clientRequestId: z.string().optional(),
});

/** `more`: there are others beyond those that were counted. */
const outbox = z.object({ waiting: z.number().int(), more: z.boolean(), oldest: TIME.optional() });

/** `error`: why the last listing was not taken. `waiting`: certificates that wait until an administrator approves. */
const listing = z.object({
  listedAt: TIME.optional(),
  nextAt: TIME.optional(),
  error: z.string().optional(),
  waiting: z.number().int(),
});

/** `calls`: the newest first. `detail`: why it cannot be used, or what failed last. `endpoints`: those that the caller may see. */
export const tenantView = z.object({
  name: z.string(),
  tenant: z.string(),
  clientId: z.string().optional(),
  cloud: z.string(),
  endpoints: z.array(z.string()),
  usable: z.boolean(),
  detail: z.string(),
  remedy: z.string().optional(),
  breaker: z.enum(['closed', 'open', 'half open']),
  credential,
  permissions: z.array(permissions),
  outbox,
  directory: listing.optional(),
  calls: z.array(lastCall),
});

/** One tenant. */
export type TenantView = z.output<typeof tenantView>;

/** The tenants of a running server, as they are now. Asks no service. */
export type TenantSource = { list(): Promise<readonly Placed<TenantView>[]> };
