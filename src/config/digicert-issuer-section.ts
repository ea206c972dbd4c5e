/** `digicert` of an issuer: DigiCert Trust Lifecycle Manager by its REST interface. */
import { SEAT_NAMES } from '../backends/digicert/digicert-settings.ts';
import { caAddress, validityOverride } from './ca-address.ts';
import type { FileContext } from './references.ts';
import { defaulted, required, section } from './yaml/table.ts';
import { secret } from './yaml/value-type.ts';
import { choice, text, url } from './yaml/value-types.ts';

const EXAMPLE = '{ apiKey: "${env:DIGICERT_API_KEY}", profileId: 0f9c3b7e-1111-4222-8333-444455556666, seat: upn }';

/** The value of the key. */
export const digicertIssuer = (context: FileContext) => ({
  schema: section('DigiCert Trust Lifecycle Manager.', EXAMPLE, {
    ...caAddress(context, 'https://one.digicert.com'),
    url: defaulted(
      url(['https'], 'https://one.digicert.com'),
      'https://one.digicert.com',
      'The address of DigiCert ONE for your account.',
    ),
    apiKey: required(
      secret(text('"${env:DIGICERT_API_KEY}"')),
      'The API key of a service user who may issue and revoke with this profile alone.',
    ),
    profileId: required(
      text('0f9c3b7e-1111-4222-8333-444455556666'),
      'The id of the certificate profile: enrolment method *REST API*, authentication *3rd party app*.',
    ),
    seat: defaulted(
      choice(...SEAT_NAMES),
      'cn',
      'Which name of the request is the seat id, by which DigiCert counts licences: one that a device or user keeps. A request without it is refused.',
    ),
    ...validityOverride('the certificate profile'),
  }),
  type: 'a mapping of keys',
  example: EXAMPLE,
  secret: false,
});
