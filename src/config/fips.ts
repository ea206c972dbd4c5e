/** `fips`: a server that uses approved algorithms alone (FIPS 140-3), and the rules that follow from it for other keys. */
import type { Legacy } from '../cms/algorithms.ts';
import type { EndpointConfig } from './endpoints.ts';
import { type Broken, eachEndpoint, type Rule } from './valid-parts.ts';
import { choice, flag } from './yaml/value-types.ts';
import { optional, required, section } from './yaml/table.ts';

/** The section. Without it the server does not ask in which mode OpenSSL is. */
export const fipsSection = () =>
  optional(
    {
      schema: section('FIPS mode.', '{ required: true, pkcs1KeyTransport: allow }', {
        required: required(
          flag,
          '`true`: nothing starts unless OpenSSL is in FIPS mode, and what is not approved is refused: `des3`, `des`, `sha1` and `rsa1024` under `legacy`, scrypt hashes of passwords, backups encrypted with age, and `pfx.profile: compat`.',
        ),
        pkcs1KeyTransport: required(
          choice('refuse', 'allow'),
          'Whether devices may encrypt to the RA with RSA PKCS#1 v1.5, as nearly all of them do. SP 800-131A has not allowed it since 2024. There is no default: [docs/fips.md](fips.md) says what each choice means.',
        ),
      }),
      type: 'a mapping of keys',
      example: '{ required: true, pkcs1KeyTransport: allow }',
      secret: false,
    },
    'Approved algorithms alone (FIPS 140-3), see [docs/fips.md](fips.md).',
    'the mode of OpenSSL is not looked at',
  );

/** Why each of these is not approved. */
const NOT_APPROVED: Readonly<Partial<Record<Legacy, string>>> = {
  des3: 'triple DES may not encrypt since 2024 (SP 800-131A)',
  des: 'DES was withdrawn in 2005 (FIPS 46-3)',
  sha1: 'SHA-1 may not be used for signatures (SP 800-131A)',
  rsa1024: 'RSA keys need at least 2048 bits (SP 800-131A)',
};

/** What cannot be used together with `fips.required`. */
export const FIPS_RULES: readonly Rule[] = [
  {
    severity: 'error',
    check: (valid) => (valid.fips ? eachEndpoint(legacyNotApproved)(valid) : []),
  },
  {
    severity: 'error',
    check: ({ fips, scryptUsers }) =>
      (fips ? scryptUsers : []).map((name) => ({
        path: ['admin', 'users', name],
        at: 'value',
        what: 'this hash was made with scrypt, which FIPS mode does not have',
        remedy: 'Make one with PBKDF2: run `openndes hash-password --pbkdf2`.',
      })),
  },
];

function legacyNotApproved({ legacy }: EndpointConfig): Broken | undefined {
  const [first] = legacy.filter((name) => NOT_APPROVED[name] !== undefined);
  if (first === undefined) return undefined;
  return {
    key: `legacy.${legacy.indexOf(first)}`,
    what: `\`${first}\` cannot be used with \`fips.required\`: ${NOT_APPROVED[first]}`,
    remedy: 'Remove it; the devices that need it can use a server without `fips`.',
  };
}
