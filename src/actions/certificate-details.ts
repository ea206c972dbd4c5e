/** All that is known of one certificate. */
import { z } from 'zod';
import type { StoredCertificate } from '../core/records.ts';
import { certificateHistory, renewalsOf } from '../manage/certificates.ts';
import { decodedCertificate, isIssuer } from '../manage/decoded-certificate.ts';
import type { Running } from './action.ts';
import { downloadedCertificate } from './authority-view.ts';
import { auditRow, auditRowOf, certificateRow, rowOf } from './certificate-view.ts';
import { seenAmong } from './seen-certificates.ts';
import { TIME } from './shown-certificate.ts';

/**
 * What OCSP says now, and the next revocation list. `why`: the reason, and that it was never delivered. `list`: 0 is the whole
 * list, others are parts of it. `published`: the number of the list that was served last; 0 before the first.
 */
const revocation = z.object({
  status: z.enum(['good', 'revoked', 'unknown']),
  since: TIME.optional(),
  why: z.string().optional(),
  list: z.number().int(),
  published: z.number().int(),
});

/** Undefined octets were removed after their time, or cannot be read. */
const decoded = z.object({
  key: z.string(),
  signature: z.string(),
  names: z.array(z.object({ kind: z.string(), value: z.string() })),
  extensions: z.array(z.object({ oid: z.string(), name: z.string(), critical: z.boolean(), text: z.string() })),
  pointers: z.array(z.object({ kind: z.string(), uri: z.string() })),
});

/** `chain`: the issuing CA first; empty where no authority of this server is its issuer. `der`: base64. */
export const certificateDetails = z.object({
  certificate: certificateRow,
  authority: z.string().optional(),
  der: z.base64().optional(),
  decoded: decoded.optional(),
  chain: z.array(downloadedCertificate),
  revocation,
  renews: z.object({ issuerId: z.string(), serial: z.string() }).optional(),
  renewals: z.array(certificateRow),
  history: z.array(auditRow),
});

/** One certificate with all of it. */
export type CertificateDetails = z.output<typeof certificateDetails>;

/** Renewals that the caller may not see are left out. */
export async function detailsOf(
  running: Running<unknown>,
  certificate: StoredCertificate,
): Promise<CertificateDetails> {
  const { desk } = running;
  const now = desk.clock();
  const content = decodedCertificate(certificate.der);
  const authority = (await desk.store.knownIssuers()).find(
    ({ issuerId }) => issuerId === certificate.issuerId,
  )?.authority;
  const { renews } = certificate;
  return {
    certificate: rowOf(certificate, now),
    ...(authority !== undefined && { authority }),
    ...(certificate.der.length > 0 && { der: Buffer.from(certificate.der).toString('base64') }),
    ...(content && { decoded: content }),
    chain: chainOf(running, certificate, authority),
    revocation: await revocationOf(running, certificate),
    ...(renews && { renews }),
    renewals: (await seenAmong(running, await renewalsOf(desk, certificate))).map((each) => rowOf(each, now)),
    history: (await certificateHistory(desk, certificate)).map(auditRowOf),
  };
}

function chainOf(
  { desk }: Running<unknown>,
  { issuerId }: StoredCertificate,
  authority: string | undefined,
): CertificateDetails['chain'] {
  const chain = authority === undefined ? [] : (desk.authorities?.certificates(authority) ?? []);
  const [issuing] = chain;
  return issuing && isIssuer(Buffer.from(issuing.der, 'base64'), issuerId) ? [...chain] : [];
}

async function revocationOf(
  { desk: { store } }: Running<unknown>,
  certificate: StoredCertificate,
): Promise<CertificateDetails['revocation']> {
  const { issuerId, crlShard, deliveredAt } = certificate;
  const status = await store.revocationStatus(certificate);
  const { published } = await store.revocationStanding(issuerId, crlShard);
  const list = { list: crlShard, published };
  if (status === undefined) return { status: 'unknown', ...list };
  if (status === 'good') return { status: 'good', ...list };
  const why = deliveredAt ? status.reason : `${status.reason}, and it was never delivered`;
  return { status: 'revoked', since: status.at.toISOString(), why, ...list };
}
