/** A policy that decides as a test needs it, and records its requests and notifications. */
import type { Decision, Facts, Policy } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import type { Notification } from '../../src/core/notification.ts';

/** `asked` are the requests that it decided, `notifications` those that it received. */
export type CountingPolicy = Policy & { asked: EnrollmentRequest[]; notifications: Notification[] };
type Decide = (request: EnrollmentRequest) => Decision | Promise<Decision>;
type Acknowledge = (notification: Notification) => Facts | Promise<Facts>;
export function policyThat(decide: Decide, acknowledge: Acknowledge = () => ({ code: 'Success' })): CountingPolicy {
  const asked: EnrollmentRequest[] = [];
  const notifications: Notification[] = [];
  return {
    name: 'test',
    asked,
    notifications,
    async decide(request) {
      asked.push(request);
      return decide(request);
    },
    async notify(notification) {
      notifications.push(notification);
      return acknowledge(notification);
    },
  };
}
export const allows = (notify: 'none' | 'strict' | 'outbox', acknowledge?: Acknowledge): CountingPolicy =>
  policyThat(() => ({ kind: 'allow', notify }), acknowledge);
