/** Texts of tables of certificates. */

/** From the left. */
export const CERTIFICATE_TEXTS = {
  role: 'Certificate',
  ends: 'Ends',
  automatic: 'The server makes the next one.',
  key: 'Key',
  serial: 'Serial number',
  thumbprints: 'Thumbprints',
  standings: { valid: 'valid', ends: 'ends soon', ended: 'ended', 'not yet valid': 'not yet valid' },
} as const;
