/** How DigiCert Trust Lifecycle Manager is asked for certificates. */
import type { CertificateNameKind } from '../../core/records.ts';

/** Names of a request that can be the seat, by which DigiCert counts licences. */
export const SEAT_NAMES = [
  'cn',
  'upn',
  'email',
  'dns',
  'intuneDeviceId',
  'entraDeviceId',
] as const satisfies readonly CertificateNameKind[];

/** Settings of one authority. */
export type DigicertSettings = {
  /** Of a service user; sent as `x-api-key`. */
  apiKey: string;
  /** The id of the certificate profile. */
  profileId: string;
  /** Which name of the request is the seat id: one that stays the same, so that a renewal takes no further licence. */
  seat: (typeof SEAT_NAMES)[number];
};
