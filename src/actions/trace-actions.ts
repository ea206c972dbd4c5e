/** Devices and what they asked: found by any name, with what became of each and what to do. */
import { z } from 'zod';
import type { RequestName } from '../core/records.ts';
import { lookUp, type LookedUp, stepsOf, type Trace, type TracedDevice } from '../trace/look-up.ts';
import type { TraceStep } from '../trace/verdict.ts';
import { action, type Running } from './action.ts';
import { attemptsWithin, isAt } from './placed-endpoints.ts';

const time = z.iso.datetime();
const text = z.string().optional();

/** `joined`: `address` is what the same address asked before; it may be of another device. `what` and `remedy`: of one that failed or waits. */
const tracedStep = z.object({
  id: z.number().int(),
  at: time,
  lastAt: time.optional(),
  times: z.number().int(),
  ms: z.number(),
  endpoint: z.string(),
  operation: z.string(),
  outcome: z.string(),
  joined: z.enum(['name', 'transaction', 'address']),
  address: z.string(),
  names: z.array(z.object({ kind: z.string(), value: z.string() })),
  status: z.number().int().optional(),
  messageType: text,
  transactionId: text,
  code: text,
  detail: text,
  reason: text,
  intuneCode: text,
  clientRequestId: text,
  activityId: text,
  userAgent: text,
  subject: text,
  serial: text,
  thumbprint: text,
  what: text,
  remedy: text,
});

/** `sure`: whether the server saw the reason. `checks`: what decides where it did not. */
const verdict = z.object({
  state: z.enum(['issued', 'waiting', 'refused', 'silent', 'nothing']),
  cause: text,
  sure: z.boolean(),
  what: z.string(),
  remedy: text,
  checks: z.array(z.string()),
});

const trace = z.object({ name: z.string(), label: z.string(), verdict, steps: z.array(tracedStep) });
const device = z.object({
  name: z.string(),
  label: z.string(),
  at: time,
  attempts: z.number().int(),
  last: tracedStep,
});

/** One of the three: the trace of one device; several devices, and what came from the address without a message; names that begin so. */
const lookedUp = z.object({
  kind: z.enum(['trace', 'devices', 'names']),
  trace: trace.optional(),
  devices: z.array(device).optional(),
  silent: trace.optional(),
  names: z.array(z.string()).optional(),
});

/** What was found, as it is shown. */
export type ShownLookUp = z.output<typeof lookedUp>;
/** A trace, as it is shown. */
export type ShownTrace = z.output<typeof trace>;
/** A step, as it is shown. */
export type ShownStep = z.output<typeof tracedStep>;
/** A device in a list, as it is shown. */
export type ShownDevice = z.output<typeof device>;

/** Attempts that are read for a list of which some may not be seen. */
const MOST = 500;

/** Actions on what devices asked: all of them read. */
export const TRACE_ACTIONS = [
  action({
    name: 'devices.trace',
    about:
      'A device by any name, address, transactionID, or serial number or thumbprint of its certificate: all of its requests, what became of it, and what to do.',
    permission: 'view',
    route: 'GET /devices',
    input: z.object({ query: z.string().min(1).max(512) }),
    output: lookedUp,
    run: async (running) => {
      const { desk, input } = running;
      return shown(
        await lookUp(input.query, {
          store: attemptsWithin(running, desk.store),
          sees: (endpoint) => isAt(running, endpoint),
        }),
      );
    },
  }),
  action({
    name: 'attempts.list',
    about: 'The newest requests of all devices, or those that failed. `before`: `next` of the page before.',
    permission: 'view',
    route: 'GET /attempts',
    input: z.object({
      failed: z.boolean().optional(),
      endpoint: z.string().max(200).optional(),
      before: z.number().int().min(1).optional(),
      limit: z.number().int().min(1).max(200).default(50),
    }),
    output: z.object({ attempts: z.array(tracedStep), next: z.number().int().optional() }),
    run: listed,
  }),
] as const;

type Listing = {
  failed?: boolean | undefined;
  endpoint?: string | undefined;
  before?: number | undefined;
  limit: number;
};

async function listed(running: Running<Listing>) {
  const { failed, endpoint, before, limit } = running.input;
  const store = attemptsWithin(running, running.desk.store);
  const most = running.reach.everywhere || store !== running.desk.store ? limit : MOST;
  const found = await store.findAttempts({
    limit: most,
    ...(failed && { failed }),
    ...(endpoint !== undefined && { endpoint }),
    ...(before !== undefined && { before }),
  });
  const seen = found.filter((each) => isAt(running, each.endpoint)).slice(0, limit);
  const next = found.length < limit ? undefined : (seen.length < limit ? found : seen).at(-1)?.id;
  return { attempts: stepsOf(seen).map(shownStep), ...(next !== undefined && { next }) };
}

function shown(found: LookedUp): ShownLookUp {
  if (found.kind === 'names') return found;
  if (found.kind === 'trace') return { kind: 'trace', trace: shownTrace(found.trace) };
  const { devices, silent } = found;
  return { kind: 'devices', devices: devices.map(shownDevice), ...(silent && { silent: shownTrace(silent) }) };
}

const shownTrace = ({ steps, verdict: { checks, ...rest }, ...named }: Trace): ShownTrace => ({
  ...named,
  verdict: { ...rest, checks: [...checks] },
  steps: steps.map(shownStep),
});

const shownDevice = ({ at, last, ...rest }: TracedDevice): ShownDevice => ({
  ...rest,
  at: at.toISOString(),
  last: shownStep(last),
});

const shownStep = ({ at, lastAt, names, ...rest }: TraceStep): ShownStep => ({
  ...rest,
  at: at.toISOString(),
  ...(lastAt && { lastAt: lastAt.toISOString() }),
  names: names.map(({ kind, value }: RequestName) => ({ kind, value })),
});
