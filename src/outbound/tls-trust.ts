/** Whom an outbound connection trusts, and as whom it presents itself. */
import { createSecureContext, getCACertificates, type SecureContextOptions } from 'node:tls';
import { ConfigError } from '../core/errors.ts';

/** A client certificate with its chain, and its key, both PEM. */
export type ClientIdentity = { certificate: string; key: string };

/** Without `onlyCa` the public CAs are trusted. */
export type OutboundTrust = {
  /** PEM of a CA to trust beside the public ones. */
  trustCa?: string | undefined;
  /** PEM of the only CAs to trust: the public ones are not. */
  onlyCa?: string | undefined;
  /** For a service that knows its clients by their certificates. */
  identity?: ClientIdentity | undefined;
};

/**
 * Written out, because Node.js takes its defaults from the environment: `NODE_TLS_REJECT_UNAUTHORIZED=0` switches the
 * check of certificates off, and `NODE_OPTIONS=--tls-min-v1.0` allows TLS 1.0.
 */
export const VERIFIED = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/** Options of a TLS connection. Throws ConfigError, which does not repeat them, for certificates or a key that cannot be used. */
export function connectionTls({ trustCa, onlyCa, identity }: OutboundTrust) {
  if (trustCa === undefined && onlyCa === undefined && !identity) return VERIFIED;
  const ca = onlyCa ?? [...getCACertificates('default'), ...(trustCa === undefined ? [] : [trustCa])];
  return {
    ...VERIFIED,
    secureContext: contextOf({ ca, ...(identity && { cert: identity.certificate, key: identity.key }) }),
  };
}

/** Made once for a client: with the option `ca`, each connection would parse all public certificates again. */
function contextOf(options: SecureContextOptions) {
  try {
    return createSecureContext({ ...options, minVersion: VERIFIED.minVersion });
  } catch (cause) {
    throw new ConfigError(
      'the certificates or the key of an outbound connection cannot be used',
      'Give the CAs as PEM, and for a client certificate the certificate with its own key, both PEM and not encrypted.',
      { cause },
    );
  }
}
