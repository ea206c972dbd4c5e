/** Servers that are made to end: at which statement, and what is prepared before. */
import assert from 'node:assert/strict';
import type { Installation } from './installation.ts';
import { type Message, messagesFor } from './message.ts';

/** Where the server is made to end: the preloaded file, and the statement at which it ends the process. */
const POINTS = {
  /** The request is read; nothing was looked up yet. */
  'before the request is looked up': { die: 'before', at: 'from "transactions" where (("request"' },
  /** Intune said yes and the certificate is signed. */
  'before the certificate is recorded': { die: 'before', at: 'commit', after: 'insert into "certificates"' },
  'after the certificate is recorded': { die: 'after', at: 'commit', after: 'insert into "certificates"' },
  /** Intune has accepted the notification. */
  'before the delivery is recorded': { die: 'before', at: 'commit', after: 'update "certificates"' },
  'after the delivery is recorded': { die: 'after', at: 'commit', after: 'update "certificates"' },
} as const;

/** The same for `notify: outbox`, where the device has its answer before Intune is notified. */
const OUTBOX_POINTS = {
  'before the notification is claimed': { die: 'before', at: 'update "notifications" set "fence"' },
  'after the notification is claimed': { die: 'after', at: 'commit', after: 'update "notifications" set "fence"' },
  /** Intune has accepted the notification. */
  'before the acknowledgement is recorded': { die: 'before', at: 'commit', after: 'delete from "notifications"' },
  'after the acknowledgement is recorded': { die: 'after', at: 'commit', after: 'delete from "notifications"' },
} as const;

/** In the work of background jobs. The number counts what is recorded in this process. */
const JOB_POINTS = {
  /** Intune has handed them out. */
  'before the requests are recorded': { die: 'before', at: 'commit', after: 'insert into "revocation_requests"' },
  'after the requests are recorded': { die: 'after', at: 'commit', after: 'insert into "revocation_requests"' },
  'before the 7th revocation is recorded': { die: 'before', at: 'commit', after: 'update "certificates"', nth: 7 },
  'after the 7th revocation is recorded': { die: 'after', at: 'commit', after: 'update "certificates"', nth: 7 },
  'after the 7th result is recorded': { die: 'after', at: 'commit', after: 'update "revocation_requests"', nth: 7 },
  /** Intune has taken the results. */
  'before it is recorded that Intune has the results': {
    die: 'before',
    at: 'commit',
    after: 'delete from "revocation_requests"',
  },
  'after it is recorded that Intune has the results': {
    die: 'after',
    at: 'commit',
    after: 'delete from "revocation_requests"',
  },
  /** It counts within the bound, and is not revoked yet. */
  'after the 7th certificate is counted': {
    die: 'after',
    at: 'commit',
    after: 'insert into "directory_revocations"',
    nth: 7,
  },
  'after the 7th device is blocked': { die: 'after', at: 'commit', after: 'insert into "blocks"', nth: 7 },
} as const;

/** In the work on keys of people. The number counts what is recorded in this process. */
const USER_KEY_POINTS = {
  /** Nothing was asked of the CA. */
  'before the attempt is recorded': { die: 'before', at: 'commit', after: 'update "user_keys"' },
  'after the attempt is recorded': { die: 'after', at: 'commit', after: 'update "user_keys"' },
  'after the key is recorded as issued': { die: 'after', at: 'commit', after: 'update "user_keys"', nth: 2 },
  /** Graph has it. */
  'before the import is recorded': { die: 'before', at: 'commit', after: 'update "user_keys"', nth: 3 },
  'after the import is recorded': { die: 'after', at: 'commit', after: 'update "user_keys"', nth: 3 },
  'before the 1st revocation is recorded': { die: 'before', at: 'commit', after: 'update "certificates"' },
  'after the 1st revocation is recorded': { die: 'after', at: 'commit', after: 'update "certificates"' },
  /** Graph has deleted what it was to delete. */
  'before the end of the 1st key is recorded': { die: 'before', at: 'commit', after: 'update "user_keys"' },
  'after the end of the 1st key is recorded': { die: 'after', at: 'commit', after: 'update "user_keys"' },
  'after the 2nd revocation is recorded': { die: 'after', at: 'commit', after: 'update "certificates"', nth: 2 },
  'after the end of the 2nd key is recorded': { die: 'after', at: 'commit', after: 'update "user_keys"', nth: 2 },
} as const;

export type StrictPoint = keyof typeof POINTS;
export type OutboxPoint = keyof typeof OUTBOX_POINTS;
export type JobPoint = keyof typeof JOB_POINTS;
export type UserKeyPoint = keyof typeof USER_KEY_POINTS;
export type CrashPoint = StrictPoint | OutboxPoint | JobPoint | UserKeyPoint;

/**
 * `at`: a part of the statement to die at; `after`: a part of one that must have run since the last commit; `nth`: the first
 * time when absent.
 */
export type Crash = { die: 'before' | 'after'; at: string; after?: string; nth?: number };

export const STRICT_POINTS = Object.keys(POINTS) as StrictPoint[];

/** What to start the server with. */
export const crashAt = (point: CrashPoint): { preload: string[]; env: Record<string, string> } => ({
  preload: [new URL('die.ts', import.meta.url).href],
  env: {
    OPENNDES_TEST_CRASH: JSON.stringify({ ...POINTS, ...OUTBOX_POINTS, ...JOB_POINTS, ...USER_KEY_POINTS }[point]),
  },
});

/** One message of a running server, before that server is stopped: a restart keeps the RA that it is encrypted to. */
export async function prepared(installation: Installation, device: string): Promise<Message> {
  const server = await installation.serve();
  const [message] = await messagesFor(installation, server.url, [device]);
  assert.equal(await server.stop(), 0);
  return message!;
}
