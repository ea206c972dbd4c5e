/** The SID of an account in Active Directory: as a URI of the subjectAltName, and as an extension of Microsoft (KB5014754). */
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { readGeneralNames } from '../pkix/extensions.ts';
import { microsoftSid } from '../pkix/extra-extensions.ts';
import { OID } from '../pkix/oids.ts';
import { requested } from './requested.ts';

/** What a profile does about the extension: none, or one from the URI that the policy has compared. */
export const SID_SOURCES = ['drop', 'uri'] as const;
/** One of them. */
export type SidSource = (typeof SID_SOURCES)[number];

/** Letter by letter, as domain controllers read it. */
const SID = /^tag:microsoft\.com,2022-09-14:sid:(?<sid>S-1-\d{1,15}(?:-\d{1,10}){1,15})$/;

/**
 * The extension; undefined where the profile has none, and where the policy does not vouch for names, so that the request
 * has no such URI. A requested extension is never looked at: Intune does not compare it. Throws Refusal `subject_refused`
 * for two different SIDs.
 */
export function sidFor(
  { sid }: { sid?: SidSource },
  csr: CertificationRequest,
  { vouchesForNames }: Allow,
): Extension | undefined {
  if (sid !== 'uri' || !vouchesForNames) return undefined;
  const names = requested(csr, OID.subjectAltName, readGeneralNames)?.value ?? [];
  const sids = names.flatMap(({ type, text }) => (type === 'uri' ? (SID.exec(text)?.groups?.['sid'] ?? []) : []));
  const [only, ...others] = new Set(sids);
  if (others.length > 0) throw new Refusal('subject_refused', `the request names ${others.length + 1} SIDs`);
  return only === undefined ? undefined : microsoftSid(only);
}
