/** What an administrator does with the block list. */
import { catchDerError } from '../asn1/limits.ts';
import { blockNameOf, folded } from '../core/block-name.ts';
import type { BlockEntry, BlockKind, BlockName, StoredCertificate } from '../core/records.ts';
import type { BlockStore } from '../core/store.ts';
import { certificateNames } from '../pkix/certificate-names.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameFromText, nameText } from '../pkix/name.ts';
import { auditEntry, type Management } from './administrator.ts';
import { canonicalSerial } from './certificates.ts';

/** As people write values, for each kind; undefined for one that the kind excludes. */
const VALUES: Readonly<Record<BlockKind, (text: string) => string | undefined>> = {
  device: (text) => text,
  user: (text) => (text.includes('@') ? text : undefined),
  subject: (text) =>
    catchDerError(
      () => nameText(nameFromText(text)),
      () => undefined,
    ),
  key: (text) => /^[0-9a-f]{64}$/.exec(folded(text).replace(/[:\s]/g, ''))?.[0],
  serial: serialOf,
};

function serialOf(text: string): string | undefined {
  const [serial = '', ...issuer] = folded(text).split('/').toReversed();
  const canonical = [...issuer, canonicalSerial(serial)].join('/');
  return /^([0-9a-f]{64}\/)?[0-9a-f]+$/i.test(canonical) ? canonical : undefined;
}

/** The name that a text such as `device:ID` means; undefined when it means none. */
export function blockName(text: string): BlockName | undefined {
  const [, kind = '', written = ''] = /^([a-z]+):(.+)$/s.exec(text.trim()) ?? [];
  if (!isKind(kind)) return undefined;
  const value = VALUES[kind](written.trim());
  return value === undefined ? undefined : blockNameOf(kind, value);
}

const isKind = (kind: string): kind is BlockKind => Object.hasOwn(VALUES, kind);

/** In the order of their names. */
export const listBlocks = ({ store }: { store: Pick<BlockStore, 'listBlocks'> }): Promise<BlockEntry[]> =>
  store.listBlocks();

/** `certificate`: the one that it is blocked for, for the history. Returns false when the list has it. */
export function addBlock(
  management: Management<Pick<BlockStore, 'addBlock'>>,
  name: BlockName,
  { comment, certificate }: { comment?: string; certificate?: StoredCertificate } = {},
): Promise<boolean> {
  const detail = comment === undefined ? name : `${name} (${comment})`;
  const audit = auditEntry(management, { event: 'blocked', ...about(certificate), detail });
  const entry = { name, at: management.clock(), by: management.actor.name, ...(comment !== undefined && { comment }) };
  return management.store.addBlock(entry, audit);
}

/** Returns false when the list does not have it. */
export const removeBlock = (
  management: Management<Pick<BlockStore, 'removeBlock'>>,
  name: BlockName,
): Promise<boolean> =>
  management.store.removeBlock(name, auditEntry(management, { event: 'unblocked', ...about(), detail: name }));

/**
 * Blocks what asks for the next certificate in the place of this one: its key, its serial number, and the device ids that
 * it names; its subject when it names none. Not its user, who may have other devices. Returns what is new.
 */
export async function blockCertificate(
  management: Management<Pick<BlockStore, 'addBlock'>>,
  certificate: StoredCertificate,
): Promise<BlockName[]> {
  const added: BlockName[] = [];
  for (const name of namesToBlock(certificate)) if (await addBlock(management, name, { certificate })) added.push(name);
  return added;
}

function namesToBlock({ issuerId, serial, subject, publicKeyHash, der }: StoredCertificate): BlockName[] {
  const names = catchDerError(
    () => certificateNames(readCertificate(der)),
    () => [],
  );
  const devices = names
    .filter(({ kind }) => kind === 'intuneDeviceId' || kind === 'entraDeviceId')
    .map(({ value }) => `device:${value}`);
  const texts = [`key:${publicKeyHash}`, `serial:${issuerId}/${serial}`];
  return [...texts, ...(devices.length > 0 ? devices : [`subject:${subject}`])].flatMap(
    (text) => blockName(text) ?? [],
  );
}

const about = (certificate?: StoredCertificate) =>
  certificate
    ? {
        endpoint: certificate.endpoint,
        transactionId: certificate.transactionId,
        issuerId: certificate.issuerId,
        serial: certificate.serial,
      }
    : { endpoint: '', transactionId: '' };
