/** A policy that decides as a test says, and keeps what it was asked and told. */
import type { Decision, Facts, Policy } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import type { Notice } from '../../src/core/notification.ts';

/** A policy that says what it is told to say, and remembers what it was asked and told. */
export type CountingPolicy = Policy & { asked: EnrollmentRequest[]; notices: Notice[] };
type Say = (request: EnrollmentRequest) => Decision | Promise<Decision>;
type Hear = (notice: Notice) => Facts | Promise<Facts>;
export function policyThat(say: Say, hear: Hear = () => ({ code: 'Success' })): CountingPolicy {
  const asked: EnrollmentRequest[] = [];
  const notices: Notice[] = [];
  return {
    name: 'test',
    asked,
    notices,
    async decide(request) {
      asked.push(request);
      return say(request);
    },
    async notify(notice) {
      notices.push(notice);
      return hear(notice);
    },
  };
}
export const allows = (notify: 'none' | 'strict' | 'outbox', hear?: Hear): CountingPolicy =>
  policyThat(() => ({ kind: 'allow', notify }), hear);
