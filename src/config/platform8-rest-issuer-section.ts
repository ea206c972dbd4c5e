/** `digicertPlatform8Rest` of an issuer: DigiCert PKI Platform 8 by its REST interface. */
import { SEAT_NAMES } from '../backends/digicert/digicert-settings.ts';
import { caAddress, validityOverride } from './ca-address.ts';
import type { FileContext } from './references.ts';
import { defaulted, required, section } from './yaml/table.ts';
import { secret } from './yaml/value-type.ts';
import { choice, text, url } from './yaml/value-types.ts';

const EXAMPLE =
  '{ apiKey: "${env:DIGICERT_API_KEY}", profileId: 2.16.840.1.113733.1.16.1.2.3.1.1.61904612, seat: upn }';

/** The value of the key. */
export const platform8RestIssuer = (context: FileContext) => ({
  schema: section('DigiCert PKI Platform 8 by REST.', EXAMPLE, {
    ...caAddress(context, 'https://pki-ws-rest.symauth.com'),
    url: defaulted(
      url(['https'], 'https://pki-ws-rest.symauth.com'),
      'https://pki-ws-rest.symauth.com',
      'The address of the REST interface for your account, without a path.',
    ),
    apiKey: required(secret(text('"${env:DIGICERT_API_KEY}"')), 'The API key of the account.'),
    profileId: required(text('2.16.840.1.113733.1.16.1.2.3.1.1.61904612'), 'The OID of the certificate profile.'),
    seat: defaulted(
      choice(...SEAT_NAMES),
      'cn',
      'Which name of the request is the seat id: one that a device or user keeps. A request without it is refused.',
    ),
    ...validityOverride('the certificate profile'),
  }),
  type: 'a mapping of keys',
  example: EXAMPLE,
  secret: false,
});
