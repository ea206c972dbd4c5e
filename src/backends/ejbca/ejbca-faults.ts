/** What EJBCA's answers mean that are no success. */
import type { IssuerError, IssuerErrorCode } from '../../core/errors.ts';
import type { BackendReply } from '../backend-call.ts';
import { backendFault } from '../backend-fault.ts';
import { said } from '../said.ts';

/** By status: what it means, and what an administrator does about it. */
const MEANINGS: ReadonlyMap<number, readonly [IssuerErrorCode, string]> = new Map([
  [400, ['invalid', 'EJBCA cannot use the request']],
  [401, ['unauthorised', 'Add the client certificate of openndes to a role of EJBCA']],
  [403, ['unauthorised', 'Give the role of openndes access to the CA and to both profiles, and the rights of an RA']],
  [
    404,
    ['misconfigured', 'Compare the names with those in EJBCA, and enable the protocol REST Certificate Management'],
  ],
  [409, ['conflict', 'The key or the subject belongs to another end entity: see Enforce unique public keys and DN']],
  [413, ['invalid', 'EJBCA finds the request too large']],
  [422, ['rejected', 'The end entity profile or the certificate profile forbids it']],
  [500, ['unknown-outcome', 'The log of EJBCA says why']],
]);

const OTHER = ['unavailable', 'Look for a proxy that answers in place of EJBCA'] as const;

/** `doing`: what was asked, for the text. */
export function ejbcaFault(doing: string, reply: Pick<BackendReply, 'status' | 'json'>): IssuerError {
  const [code, remedy] = MEANINGS.get(reply.status) ?? OTHER;
  const words = said(reply, []);
  return backendFault(code, `EJBCA, ${doing}: HTTP ${reply.status}${words === '' ? '' : `, ${words}`}. ${remedy}.`);
}
