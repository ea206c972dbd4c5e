/** `oneTime` of a policy: passwords as NDES issues them, with the options of its registry. */
import { z } from 'zod';
import { MINUTE } from '../core/durations.ts';
import { secret } from './yaml/value-type.ts';
import { duration, integer } from './yaml/value-types.ts';
import { defaulted, optional, section } from './yaml/table.ts';

const EXAMPLE = '{ validity: 60m, max: 5 }';

/** Programs that read NDES's page expect a password without spaces and markup. */
const single = secret({
  schema: z.string().regex(/^[\w.~-]{16,64}$/),
  type: 'text of 16 to 64 letters, digits and `.`, `_`, `~`, `-`',
  example: '"${env:NDES_PASSWORD}"',
  secret: true,
});

const validity = {
  ...duration('60m'),
  schema: duration('60m').schema.refine((milliseconds) => milliseconds >= MINUTE, 'shorter than a minute'),
};

const keys = () =>
  section('One-time passwords.', EXAMPLE, {
    validity: defaulted(validity, '60m', 'How long a password is valid. PasswordValidity of NDES.'),
    max: defaulted(
      integer(1, 100_000, 5),
      5,
      'How many may be outstanding, neither used nor expired; the next one is refused. PasswordMax of NDES.',
    ),
    length: defaulted(
      integer(8, 32, 8),
      8,
      'Random bytes of a password, each written as two hexadecimal digits. PasswordLength of NDES.',
    ),
    single: optional(
      single,
      'One password for all requests, which can be used any number of times and does not expire; the keys above then have no effect. UseSinglePassword of NDES.',
      'a new password each time',
    ),
  });

/** The value of the key: the rules of a `challengeIssuer`. */
export const oneTime = () => ({ schema: keys(), type: 'a mapping of keys', example: EXAMPLE, secret: false });
