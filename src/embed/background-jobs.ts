/** What a server does by itself, as named jobs. */
import { DAY, MINUTE } from '../core/durations.ts';
import { sendDueNotifications } from '../enroll/due-notifications.ts';
import type { Endpoint, EnrollmentServices } from '../enroll/endpoint.ts';
import { ALONE_AFTER, lookForOrders } from '../enroll/lost-orders.ts';
import { tellIssuers } from '../enroll/tell-issuer.ts';
import { UNREACHABLE_PATIENCE } from '../enroll/waiting.ts';
import type { Job } from '../jobs/leased-job.ts';

/** Waiting requests older than this are deleted. */
const LONGEST_WAIT = 30 * DAY;
/** How long the row of an erased request is kept: its device learns meanwhile that the time is over. */
const ERASED_KEPT = DAY;
/** Requests of up to 128 KB, of which every octet is overwritten: these take less than 20 ms of the event loop. */
const FORGOTTEN_AT_ONCE = 10;

/** The names of these jobs. */
export const BACKGROUND_JOBS = ['notifications', 'revocations', 'orders', 'clean-up'] as const;

/**
 * `notificationInterval`: milliseconds between two runs of the jobs that send notifications and revocations. The names
 * are stable: they are in the store, in the log and in `openndes jobs`.
 */
export function backgroundJobs(
  endpoints: ReadonlyMap<string, Endpoint>,
  services: EnrollmentServices,
  notificationInterval: number,
): Job[] {
  const { store, clock } = services;
  const sendAll = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && (await sendDueNotifications(endpoints, services)) > 0);
  };
  const tellAll = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && (await tellIssuers(endpoints, services)) > 0);
  };
  const began = clock().getTime();
  // Devices that came in vain before the start come first.
  const lookForAll = async (signal: AbortSignal): Promise<void> => {
    if (clock().getTime() - began >= ALONE_AFTER) await lookForOrders(endpoints, services, signal);
  };
  const forget = async (signal: AbortSignal): Promise<void> => {
    const now = clock().getTime();
    const before = {
      unreachable: new Date(now - UNREACHABLE_PATIENCE),
      erased: new Date(now - ERASED_KEPT),
      any: new Date(now - LONGEST_WAIT),
    };
    while (!signal.aborted && (await store.forgetRequests(before, FORGOTTEN_AT_ONCE)) > 0)
      await new Promise((nextTurn) => setImmediate(nextTurn));
  };
  return [
    { name: 'notifications', every: notificationInterval, run: sendAll },
    { name: 'revocations', every: notificationInterval, run: tellAll },
    { name: 'orders', every: MINUTE, run: lookForAll },
    { name: 'clean-up', every: MINUTE, run: forget },
  ];
}
