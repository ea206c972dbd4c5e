/** What `explain` says about an envelope: who can open it, and what is in it. Secrets are named and never shown. */
import { ContentInfo, EnvelopedData, type KeyTransRecipientInfo } from 'pkijs';
import { berToDer } from '../asn1/ber.ts';
import { DerError } from '../asn1/limits.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import {
  isAddressedTo,
  type KeyTransRecipient,
  openEnvelopedData,
  readEnvelopedData,
  type RecipientKey,
} from '../cms/enveloped-data.ts';
import type { CertificationRequest } from '../core/request.ts';
import { serialText } from '../pkix/certificate.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { CONTENTS, NO_REQUEST } from '../scep/contents.ts';
import type { NamedRa } from '../app/named-ras.ts';
import { systemRandom } from '../embed/system.ts';
import { oidText } from './explained-names.ts';

/** Facts by name, nested. */
export type ReportLines = Record<string, unknown>;

/** The envelope of a message of this type. `ras`: without any, it stays closed. Throws DerError. */
export async function envelopeFacts(
  message: Uint8Array,
  messageType: string,
  ras: readonly NamedRa[],
): Promise<ReportLines> {
  const content = ContentInfo.fromBER(Uint8Array.from(berToDer(message).der));
  const enveloped = new EnvelopedData({ schema: content.content });
  const { recipients, encapsulations } = readDerOrBer(message, readEnvelopedData);
  const other = encapsulations.length > 0 ? 'encapsulation' : 'not key transport';
  const keys = ras.flatMap(keysOf);
  return {
    contentEncryption: oidText(enveloped.encryptedContentInfo.contentEncryptionAlgorithm.algorithmId),
    recipients: enveloped.recipientInfos.map(({ value }) => {
      const id = (value as KeyTransRecipientInfo).keyEncryptionAlgorithm?.algorithmId;
      return id === undefined ? other : oidText(id);
    }),
    encryptedTo: [...recipients, ...encapsulations].map((recipient) => recipientText(recipient, keys)),
    inside: keys.length
      ? await insideFacts(message, messageType, keys)
      : 'closed; --config names the keys that open it',
  };
}

type NamedKey = RecipientKey & { name: string };

const keysOf = ({ of, ra }: NamedRa): NamedKey[] =>
  ra.recipients.map((key, index) => ({ ...key, name: `the ${index === 0 ? 'current' : 'retired'} RA key of ${of}` }));

function recipientText({ id }: Pick<KeyTransRecipient, 'id'>, keys: readonly NamedKey[]): string {
  const named =
    'keyIdentifier' in id
      ? `key identifier ${Buffer.from(id.keyIdentifier).toString('hex')}`
      : `serial ${serialText(id.serialNumber)} of ${nameText(id.issuer)}`;
  if (keys.length === 0) return named;
  return `${keys.find((key) => isAddressedTo(id, key))?.name ?? 'no RA key of this configuration'} (${named})`;
}

const OTHER_KEY = 'not encrypted to a key of this configuration';
const ENCAPSULATED = 'closed: it came by encapsulation (ML-KEM), and only the server opens such messages';
const DAMAGED = 'no certification request: damaged, or the client is at fault';

async function insideFacts(
  message: Uint8Array,
  messageType: string,
  keys: readonly NamedKey[],
): Promise<ReportLines | string> {
  // A reply is encrypted to its requester. With another key it decrypts to random octets (implicit rejection).
  if (messageType === 'CertRep') return OTHER_KEY;
  const { recipients, encapsulations } = readDerOrBer(message, readEnvelopedData);
  for (const recipient of recipients) {
    const key = keys.find((each) => isAddressedTo(recipient.id, each));
    if (key) return openedFacts(message, messageType, { recipient, key });
  }
  // As the server does: a single recipient info that names another certificate may still mean this key.
  const [recipient] = recipients;
  if (!recipient && encapsulations.length > 0) return ENCAPSULATED;
  if (!recipient || recipients.length > 1) return OTHER_KEY;
  for (const key of keys.filter(({ name }) => name.startsWith('the current'))) {
    const facts = await openedFacts(message, messageType, { recipient, key });
    if (typeof facts === 'object' && facts['subject'] !== undefined) return facts;
  }
  return OTHER_KEY;
}

async function openedFacts(
  message: Uint8Array,
  messageType: string,
  { recipient, key }: { recipient: KeyTransRecipient; key: NamedKey },
): Promise<ReportLines | string> {
  const enveloped = readDerOrBer(message, readEnvelopedData);
  const { cipher } = enveloped;
  const { transport } = recipient;
  if (!cipher || !transport) return 'closed: its algorithms are not supported';
  const openedWith = key.name;
  try {
    const addressed = { recipient: { ...recipient, transport }, key: key.key };
    const plaintext = await openEnvelopedData({ ...enveloped, cipher }, addressed, systemRandom);
    return { openedWith, ...contentFacts(plaintext, messageType) };
  } catch (error) {
    if (error instanceof DerError) return { openedWith, fault: error.message };
    throw error;
  }
}

function contentFacts(plaintext: Uint8Array, messageType: string): ReportLines {
  const content = CONTENTS.get(messageType)?.(plaintext);
  if (content?.type === 'certification-request') return requestFacts(content.csr);
  if (content?.type === 'unsupported') return { fault: `certification request: ${content.error.message}` };
  if (content?.type === 'unreadable') return { fault: content.why === NO_REQUEST ? DAMAGED : content.why };
  return { octets: plaintext.length };
}

function requestFacts(csr: CertificationRequest): ReportLines {
  const names = findExtension(csr.extensions, OID.subjectAltName);
  return {
    subject: csr.subjectText,
    key: `${csr.key.type} ${csr.key.bits}`,
    subjectAltName: names
      ? readGeneralNames(names.value)
          .map(({ type, text }) => `${type}:${text}`)
          .join(', ')
      : 'none',
    extensions: csr.extensions.map(({ oid }) => oidText(oid)).join(', ') || 'none',
    challengePassword: csr.challenge === undefined ? 'none' : `present, ${csr.challenge.length} characters (not shown)`,
  };
}
