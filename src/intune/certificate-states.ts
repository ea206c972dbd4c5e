/**
 * The certificates of all devices that Intune believes in, through Microsoft Graph (managedAllDeviceCertificateState). Only the
 * beta version of Graph has the list.
 */
import type { IntuneCertificate, ListIntuneCertificates } from '../core/intune-certificates.ts';
import { type GraphListOptions, graphPages } from './graph-pages.ts';
import { textField } from '../outbound/untrusted-json.ts';

const PATH = 'beta/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates';
/** Characters of a text that are kept: many rows can be held. */
const LONGEST = 512;

/** Lists. Throws IntuneUnreachable with hop `certificateStates`. No options of OData: which of them it takes is not documented. */
export const certificateStates = (options: GraphListOptions): ListIntuneCertificates =>
  async function* (signal) {
    const list = { hop: 'certificateStates', url: `${options.cloud.graph}/${PATH}`, read: readRow } as const;
    for await (const { rows } of graphPages(list, options, signal)) yield rows;
  };

function readRow(row: object): IntuneCertificate {
  const text = (name: string): string => (textField(row, name) ?? '').slice(0, LONGEST);
  const ends = new Date(text('certificateExpirationDateTime'));
  return {
    serial: text('certificateSerialNumber'),
    thumbprint: text('certificateThumbprint'),
    issuer: text('certificateIssuerName'),
    subject: text('certificateSubjectName'),
    device: text('managedDeviceDisplayName'),
    user: text('userPrincipalName'),
    revocation: text('certificateRevokeStatus').toLowerCase(),
    ...(!Number.isNaN(ends.getTime()) && { ends }),
  };
}
