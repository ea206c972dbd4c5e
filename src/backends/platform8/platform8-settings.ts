/** How DigiCert PKI Platform 8 is asked for certificates. */
import type { DigicertSettings } from '../digicert/digicert-settings.ts';

/** Settings of one authority. */
export type Platform8Settings = {
  /** The OID of the certificate profile. */
  profileOid: string;
  /** Which name of the request is the seat id. */
  seat: DigicertSettings['seat'];
};
