/** Where certificates are made, and whether one can be had once more: what decides how an order is kept. */
import type { EndpointIssuer } from '../core/issuer.ts';

/** Whether an order that is not answered leaves no certificate anywhere else: then it is not recorded. */
export const makesHere = ({ capabilities, poll }: EndpointIssuer): boolean =>
  capabilities?.signsHere === true || (capabilities?.makesHere === true && !poll);

/** Whether the certificate of an order can be had once more, so that one which was not recorded is not lost. */
export const canComeAgain = ({ find, capabilities }: EndpointIssuer): boolean =>
  find !== undefined || capabilities?.idempotent === true;
