/** Opening and sealing behind one interface, so that the work can move to other threads without a change to callers. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { MessageHeader, Opened, Reply } from './message.ts';
import { open } from './open.ts';
import type { MessageRules } from './open-context.ts';
import type { RegistrationAuthority } from './registration-authority.ts';
import { seal } from './seal.ts';

/** From bytes to plain data and back. It keeps no state between calls. */
export interface MessageCodec {
  /** Throws HttpError `message_undecodable`. */
  open(bytes: Uint8Array): Promise<Opened>;
  /** Returns a CertRep, DER. Throws what the key of the RA throws. */
  seal(header: MessageHeader, reply: Reply): Promise<Uint8Array>;
}

/** A codec that works in the calling thread. */
export const messageCodec = (context: {
  ra: RegistrationAuthority;
  rules: MessageRules;
  clock: Clock;
  random: RandomBytes;
}): MessageCodec => ({
  open: (bytes) => open(bytes, context),
  seal: (header, reply) => seal({ header, reply, ...context }),
});
