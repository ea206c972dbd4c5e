/** `ejbca` of an issuer: EJBCA by its REST interface. */
import { caAddress, validityOverride } from './ca-address.ts';
import { clientFiles } from './ca-identity-keys.ts';
import type { FileContext } from './references.ts';
import { defaulted, required, section } from './yaml/table.ts';
import { text } from './yaml/value-types.ts';

const EXAMPLE =
  '{ url: https://ejbca.example.com/ejbca/ejbca-rest-api/v1, clientCertificate: certs/ra.pem, clientKey: certs/ra.key.pem, certificateAuthority: Devices, certificateProfile: Device, endEntityProfile: Intune }';

/** The value of the key. */
export const ejbcaIssuer = (context: FileContext) => ({
  schema: section('EJBCA.', EXAMPLE, {
    ...caAddress(context, 'https://ejbca.example.com/ejbca/ejbca-rest-api/v1'),
    ...clientFiles(context, 'A certificate that a role of EJBCA with the rights of an RA names'),
    certificateAuthority: required(text('Devices'), 'The name of the CA in EJBCA.'),
    certificateProfile: required(text('Device'), 'The name of the certificate profile.'),
    endEntityProfile: required(text('Intune'), 'The name of the end entity profile.'),
    usernamePrefix: defaulted(
      text('openndes-'),
      'openndes-',
      'Before the name of each end entity, which follows from the subject of the request. Nothing else in EJBCA may have names that begin so.',
    ),
    ...validityOverride(
      '*Validity Override* of the certificate profile and *Certificate Validity End Time* of the end entity profile',
    ),
  }),
  type: 'a mapping of keys',
  example: EXAMPLE,
  secret: false,
});
