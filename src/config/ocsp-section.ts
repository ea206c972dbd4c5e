/** `authorities.NAME.ocsp`: an OCSP responder. */
import { MINUTE } from '../core/durations.ts';
import { choice, duration, url } from './yaml/value-types.ts';
import { defaulted, optional, section } from './yaml/table.ts';

const answerValidity = {
  ...duration('1h'),
  schema: duration('1h').schema.refine((ms) => ms >= MINUTE, 'shorter than a minute'),
};

/** The section. Without it there is no responder. */
export const ocspSection = () =>
  section('An OCSP responder.', '{ validity: 1h }', {
    validity: defaulted(
      answerValidity,
      '1h',
      'How long an answer is valid (nextUpdate). Verifiers may use it so long without asking again.',
    ),
    maxAge: defaulted(
      duration('1m'),
      '1m',
      'How long caches of HTTP may keep an answer, and this server its signature. A revocation is answered by this server within seconds, and by such a cache after this time.',
    ),
    nonIssued: defaulted(
      choice('unknown', 'revoked'),
      'unknown',
      'What is answered about a serial number that was never issued. `revoked` helps when somebody else can sign with the key of the CA.',
    ),
    signer: defaulted(
      choice('auto', 'p256', 'rsa-2048', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'),
      'auto',
      'The key of the certificate that signs answers, which the server makes and renews. `auto`: as the key of the CA, `rsa-2048` under RSA and `p256` under EC.',
    ),
    url: optional(
      url(['http'], 'http://ocsp.example.com/ocsp/issuing'),
      'The URL in certificates, in place of that of a profile without `aia.ocsp`.',
      '`/ocsp/NAME` below `publicUrl`, when that is `http`; otherwise none',
    ),
  });
