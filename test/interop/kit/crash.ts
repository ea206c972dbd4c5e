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

export type CrashPoint = keyof typeof POINTS;

/** `at`: a part of the statement to die at; `after`: a part of one that must have run since the last commit. */
export type Crash = { die: 'before' | 'after'; at: string; after?: string };

export const CRASH_POINTS = Object.keys(POINTS) as CrashPoint[];

/** What to start the server with. */
export const crashAt = (point: CrashPoint): { preload: string[]; env: Record<string, string> } => ({
  preload: [new URL('die.ts', import.meta.url).href],
  env: { OPENNDES_TEST_CRASH: JSON.stringify(POINTS[point]) },
});
