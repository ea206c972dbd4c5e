/** A certificate as pages and the API show it. */
import { z } from 'zod';

/** ISO 8601 in UTC. */
export const TIME = z.iso.datetime();

/** `sha1` and `sha256`: of the DER, upper-case hexadecimal. `automatic`: this server makes the next one in time. */
export const shownCertificate = z.object({
  role: z.string(),
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  notBefore: TIME,
  notAfter: TIME,
  standing: z.enum(['valid', 'ends', 'ended', 'not yet valid']),
  key: z.string(),
  signature: z.string(),
  sha1: z.string(),
  sha256: z.string(),
  automatic: z.boolean(),
});

/** One certificate. */
export type ShownCertificate = z.output<typeof shownCertificate>;
