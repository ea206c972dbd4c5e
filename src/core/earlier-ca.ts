/** A CA that certified the devices before this server did: that of NDES, for example. */

/** Its certificates may renew onto the present CA. They are not recorded here, so only its own list tells which are revoked. */
export type EarlierCa = {
  /** DER. */
  certificate: Uint8Array;
  /**
   * Whether its revocation list has this serial number (lower-case hexadecimal without leading zero octets); absent
   * when it has no list. Throws when there is no valid list now: then the certificate renews nothing. `signal` ends
   * the time of the request.
   */
  isRevoked?: (serial: string, signal: AbortSignal) => Promise<boolean>;
};
