/** In-memory stand-ins for what the product takes as parameters: a clock, a log and a CA. */
import type { Clock, Logger } from '../core/environment.ts';
import type { Issuer } from '../core/issuer.ts';
import type { EnrollmentRequest } from '../core/request.ts';

/** A clock that stands still until it is moved. */
export type FakeClock = Clock & { forward(milliseconds: number): void };

/** Starts at this moment; 2026-03-01T12:00:00Z when none is given. */
export function fakeClock(start: Date = new Date('2026-03-01T12:00:00Z')): FakeClock {
  let now = start.getTime();
  const forward = (milliseconds: number): void => void (now += milliseconds);
  return Object.assign(() => new Date(now), { forward });
}

/** One call of the log. */
export type LogEntry = { level: 'debug' | 'info' | 'warn' | 'error'; fields: object; message: string };

/** A log that is kept in memory, in the order in which it was written. */
export type MemoryLog = Logger & { readonly entries: readonly LogEntry[] };

/** An empty log. Fields are kept by reference and not serialised. */
export function memoryLog(): MemoryLog {
  const entries: LogEntry[] = [];
  const write = (level: LogEntry['level']) => (fields: object, message: string) => {
    entries.push({ level, fields, message });
  };
  return { entries, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** An issuer that records what it was asked to certify, oldest first. */
export type FakeIssuer = Issuer & { readonly requests: readonly EnrollmentRequest[] };

/** Calls `issue` for every request: let it return what a CA answers, or throw to test how a failing CA is handled. */
export function fakeIssuer(issue: Issuer['issue']): FakeIssuer {
  const requests: EnrollmentRequest[] = [];
  return {
    requests,
    issue: (request, decision, signal) => {
      requests.push(request);
      return issue(request, decision, signal);
    },
  };
}
