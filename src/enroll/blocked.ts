/** The block list: what gets no certificate and no renewal, whatever the policy says. */
import { catchDerError } from '../asn1/limits.ts';
import { blockNameOf, guidsIn } from '../core/block-name.ts';
import type { BlockEntry, BlockKind, BlockName, CertificateName } from '../core/records.ts';
import { certificateNames, requestedNames } from '../pkix/certificate-names.ts';
import { nameText } from '../pkix/name.ts';
import { type Enrollment, keyHash } from './identify.ts';

/**
 * The entry that forbids this request. Subject and names of the request count, and those of the certificate that signed it,
 * because a renewal may leave names out; the requested key and the one that signed.
 */
export const blockedBy = (enrollment: Enrollment): Promise<BlockEntry | undefined> =>
  enrollment.services.store.findBlock(blockNamesOf(enrollment.request, enrollment.signedBy));

/** The entries that would forbid a request, which the certificate `signedBy` signed if it is a renewal. */
export function blockNamesOf(
  { csr, signerSpki }: Pick<Enrollment['request'], 'csr' | 'signerSpki'>,
  signedBy?: Enrollment['signedBy'],
): BlockName[] {
  const found = new Set<BlockName>();
  const add = (kind: BlockKind, value: string): void => {
    const name = blockNameOf(kind, value);
    if (name !== undefined) found.add(name);
  };
  add('key', keyHash(csr.spki));
  add('key', keyHash(signerSpki));
  addNames(
    csr.subjectText,
    orNone(() => requestedNames(csr)),
    add,
  );
  if (signedBy) {
    const { record, view } = signedBy;
    add('serial', record.serial);
    add('serial', `${record.issuerId}/${record.serial}`);
    addNames(
      nameText(view.subject),
      orNone(() => certificateNames(view)),
      add,
    );
  }
  return [...found];
}

/** A request whose names cannot be read is refused later. */
const orNone = (read: () => CertificateName[]): CertificateName[] => catchDerError(read, () => []);

const OF_DEVICE: ReadonlySet<CertificateName['kind']> = new Set(['intuneDeviceId', 'entraDeviceId', 'cn']);
const OF_USER: ReadonlySet<CertificateName['kind']> = new Set(['upn', 'email', 'cn']);

/** Profiles write the id of a device in other places than a tagged URI too, such as the common name. */
function addNames(
  subject: string,
  names: readonly CertificateName[],
  add: (kind: BlockKind, value: string) => void,
): void {
  add('subject', subject);
  for (const guid of guidsIn(subject)) add('device', guid);
  for (const { kind, value } of names) {
    if (OF_DEVICE.has(kind)) add('device', value);
    if (OF_USER.has(kind)) add('user', value);
    for (const guid of guidsIn(value)) add('device', guid);
  }
}
