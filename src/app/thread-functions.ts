/** What threads call in the main thread. */
import type { Emit, ServerEvent } from '../core/events.ts';
import type { KeyTransport, SignatureInput } from '../core/keys.ts';
import type { Finder, RevocationOrder } from '../core/issuer.ts';
import type { Notification } from '../core/notification.ts';
import type { Allow } from '../core/policy.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import { systemDeadline } from '../embed/system.ts';
import type { PeerFunctions } from '../threads/peer.ts';
import type { ServedEndpoint } from './served-endpoints.ts';
import type { CalledKeys } from './thread-plan.ts';

/** Whatever has connections, tokens or state of its own is only once in the process. */
export function functionsFor(served: readonly ServedEndpoint[], called: CalledKeys, emit: Emit): PeerFunctions {
  const endpoints = new Map(served.map((each) => [each.name, each.options]));
  const at = (name: string) => {
    const options = endpoints.get(name);
    if (!options) throw new TypeError(`no endpoint with the name ${name}`);
    return options;
  };
  const key = (number: number) => {
    const found = called[number];
    if (!found) throw new TypeError(`no key with the number ${number}`);
    return found;
  };
  return {
    emit: (event: ServerEvent) => emit(event),
    decide: (name: string, request: EnrollmentRequest) => at(name).policy.decide(request, systemDeadline()),
    notify: (name: string, told: Notification) => at(name).policy.notify?.(told, systemDeadline()),
    issue: (name: string, request: EnrollmentRequest, decision: Allow) =>
      at(name).issuer.issue(request, decision, systemDeadline()),
    poll: (name: string, reference: string) => at(name).issuer.poll?.(reference, systemDeadline()),
    find: (name: string, request: EnrollmentRequest, since?: Date) =>
      (at(name).issuer as Partial<Finder>).find?.(request, systemDeadline(), since),
    revoke: (name: string, order: RevocationOrder) => at(name).revoker?.revoke(order, systemDeadline()),
    crl: (name: string) => at(name).crl?.(),
    previousCrl: (name: string, index: number) => at(name).previous?.[index]?.crl(),
    isRevoked: (name: string, index: number, serial: string) =>
      at(name).renewalFrom?.[index]?.isRevoked?.(serial, systemDeadline()),
    sign: (number: number, input: SignatureInput) => key(number).sign(input),
    decrypt: (number: number, octets: Uint8Array, transport: KeyTransport) => key(number).decrypt?.(octets, transport),
  };
}
