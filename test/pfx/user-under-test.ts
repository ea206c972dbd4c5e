/** A person's key and certificate under the test CA, as they go into a PKCS#12 file. */
import { randomBytes } from 'node:crypto';
import { privateKeyOctets } from '../../src/keys/user-key.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { EXTENDED_KEY_USAGES, OID } from '../../src/pkix/oids.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { namedBits, oid, sequence } from '../../src/asn1/writer.ts';
import type { PfxContent } from '../../src/pfx/pkcs12-writer.ts';
import { DAY, issuing, NOW, YEAR } from '../kit/pki.ts';

/** A certificate for e-mail and TLS servers, valid for twenty years or until `notAfter`. */
export const certifiedUser = (
  key: SoftwareKey,
  subject: Uint8Array = nameFromText('CN=Jané Doe,OU=Staff'),
  notAfter = new Date(NOW.getTime() + 20 * YEAR),
): Promise<Uint8Array> =>
  writeCertificate(
    {
      serialNumber: randomBytes(8).fill(0x5a, 0, 1),
      issuer: readCertificate(issuing.certificate).subject,
      subject,
      notBefore: new Date(NOW.getTime() - DAY),
      notAfter,
      spki: key.spki,
      extensions: [
        { oid: OID.keyUsage, critical: true, value: namedBits([0, 2]) },
        {
          oid: OID.extendedKeyUsage,
          critical: false,
          value: sequence(oid(EXTENDED_KEY_USAGES.emailProtection), oid(EXTENDED_KEY_USAGES.serverAuth)),
        },
      ],
    },
    issuing.key,
  );

/** What goes into the file of a person with this key, the chain without its root. */
export const userPfx = async (key: SoftwareKey, different: Partial<PfxContent> = {}): Promise<PfxContent> => ({
  key: privateKeyOctets(key),
  certificate: await certifiedUser(key),
  chain: [issuing.certificate],
  friendlyName: 'Jané Doe – S/MIME',
  ...different,
});
