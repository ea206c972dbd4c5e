/** A policy that decides as a test says, and keeps what it was asked and told. */
import type { Decision, Facts, Policy } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import type { Notification } from '../../src/core/notification.ts';

/** A policy that says what it is told to say, and remembers what it was asked and told. */
export type CountingPolicy = Policy & { asked: EnrollmentRequest[]; notifications: Notification[] };
type Say = (request: EnrollmentRequest) => Decision | Promise<Decision>;
type Hear = (notification: Notification) => Facts | Promise<Facts>;
export function policyThat(say: Say, hear: Hear = () => ({ code: 'Success' })): CountingPolicy {
  const asked: EnrollmentRequest[] = [];
  const notifications: Notification[] = [];
  return {
    name: 'test',
    asked,
    notifications,
    async decide(request) {
      asked.push(request);
      return say(request);
    },
    async notify(notification) {
      notifications.push(notification);
      return hear(notification);
    },
  };
}
export const allows = (notify: 'none' | 'strict' | 'outbox', hear?: Hear): CountingPolicy =>
  policyThat(() => ({ kind: 'allow', notify }), hear);
