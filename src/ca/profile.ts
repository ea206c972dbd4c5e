/** What a profile allows its certificates to be: an allow-list, closed to everything it does not name. */
import type { GeneralNameType } from '../core/request.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyUsage } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';

/** Kinds of subjectAltName. `upn` is the otherName of Microsoft's user principal name, `otherName` every other one. */
export type AltNameType = GeneralNameType | 'upn';

/** What the certificates of an endpoint may contain. What is not named here is never copied from a request. */
export type Profile = {
  /** Milliseconds from now, when the client does not ask for another validity. */
  validity: number;
  /** Milliseconds from now that no certificate exceeds. */
  maxValidity: number;
  /** Milliseconds before now at which certificates begin: devices in set-up have clocks that are hours slow. */
  backdate: number;
  minRsaBits: number;
  /** What a client may ask for, and what it gets when it does not ask. */
  keyUsage: readonly KeyUsage[];
  /** OIDs, dotted. What a client may ask for, and what it gets when it asks for nothing that is allowed. */
  extendedKeyUsage: readonly string[];
  altNames: readonly AltNameType[];
  /** URIs of the CRL. */
  crl?: readonly string[];
  authorityInfoAccess?: { ocsp?: readonly string[]; caIssuers?: readonly string[] };
};

const DAY = 24 * 60 * 60 * 1000;

/** What a profile is when the configuration leaves something out: TLS client certificates for devices and people. */
export const DEFAULT_PROFILE: Profile = {
  validity: 365 * DAY,
  maxValidity: 730 * DAY,
  backdate: DAY,
  minRsaBits: 2048,
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extendedKeyUsage: [EXTENDED_KEY_USAGES.clientAuth],
  altNames: ['dns', 'email', 'upn', 'uri'],
};

type ProfileFault = { when: (profile: Profile) => boolean; message: string; remedy: string };

const FAULTS: readonly ProfileFault[] = [
  {
    when: ({ keyUsage }) => keyUsage.includes('keyCertSign') || keyUsage.includes('cRLSign'),
    message: 'keyUsage names keyCertSign or cRLSign, which belong to a CA',
    remedy: 'Name usages of end entities, such as digitalSignature and keyEncipherment.',
  },
  {
    when: ({ keyUsage }) => keyUsage.length === 0,
    message: 'keyUsage is empty',
    remedy: 'Name at least one usage, such as digitalSignature.',
  },
  {
    when: ({ extendedKeyUsage }) => extendedKeyUsage.includes(EXTENDED_KEY_USAGES.ocspSigning),
    message: 'extendedKeyUsage names ocspSigning, which would let a device speak about the revocation of all others',
    remedy: 'Leave ocspSigning out.',
  },
  {
    when: ({ extendedKeyUsage }) => extendedKeyUsage.length === 0,
    message: 'extendedKeyUsage is empty, which makes certificates good for every purpose',
    remedy: 'Name the purposes, such as clientAuth; say anyExtendedKeyUsage if every purpose is meant.',
  },
  {
    when: ({ validity, maxValidity, backdate }) => !(validity > 0 && maxValidity >= validity && backdate >= 0),
    message: 'validity, maxValidity and backdate do not fit together',
    remedy: 'validity must be positive and at most maxValidity, and backdate must not be negative.',
  },
];

/** Throws ConfigError for a profile that could only issue certificates that nobody should have. */
export function assertProfile(profile: Profile): void {
  const fault = FAULTS.find(({ when }) => when(profile));
  if (fault) throw new ConfigError(`profile: ${fault.message}`, fault.remedy);
}
