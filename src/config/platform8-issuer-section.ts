/** `digicertPlatform8` of an issuer: DigiCert PKI Platform 8 by SOAP. */
import { SEAT_NAMES } from '../backends/digicert/digicert-settings.ts';
import { caAddress, validityOverride } from './ca-address.ts';
import { clientFiles } from './ca-identity-keys.ts';
import type { FileContext } from './references.ts';
import { defaulted, required, section } from './yaml/table.ts';
import { choice, text, url } from './yaml/value-types.ts';

const EXAMPLE =
  '{ clientCertificate: certs/digicert-ra.pem, clientKey: certs/digicert-ra.key.pem, profileOid: 2.16.840.1.113733.1.16.1.2.3.1.1.61904612 }';

/** The value of the key. */
export const platform8Issuer = (context: FileContext) => ({
  schema: section('DigiCert PKI Platform 8.', EXAMPLE, {
    ...caAddress(context, 'https://pki-ws.symauth.com'),
    url: defaulted(
      url(['https'], 'https://pki-ws.symauth.com'),
      'https://pki-ws.symauth.com',
      'The address of the service for your account, without a path.',
    ),
    ...clientFiles(context, 'The RA certificate of the account, as *Get an RA certificate* of the portal gives it'),
    profileOid: required(
      text('2.16.840.1.113733.1.16.1.2.3.1.1.61904612'),
      'The OID of the certificate profile: what is the template name in a PKCS profile of Intune.',
    ),
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
