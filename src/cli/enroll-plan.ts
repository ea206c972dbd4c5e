/** What `openndes enroll` asks for: out of its options, the certificate that it renews, or the run before. */
import type { EnrollmentPlan } from '../client/scep-client.ts';
import type { ClientSigner } from '../client/request-message.ts';
import type { Extension } from '../core/request.ts';
import type { KeyProvider } from '../core/keys.ts';
import { generateKey, type KeyChoice, type SoftwareKey } from '../keys/software.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { writeCertificationRequest } from '../pkix/csr.ts';
import { extendedKeyUsage, findExtension, keyUsage, subjectAltName } from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import { nameFromText } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID } from '../pkix/oids.ts';
import { challengeOf } from './challenge-option.ts';
import { mintChallenge } from './mint-challenge.ts';
import {
  assertSameRequest,
  type CertificateFolder,
  certificateFolder,
  type WaitingRequest,
} from './certificate-folder.ts';

/** The options of the command that describe the request. */
export type RequestOptions = {
  subject?: string;
  san: string[];
  challenge?: string;
  challengeFile?: string;
  simulator?: string;
  renew?: string;
  out: string;
  key: KeyChoice;
};

/** `csr` is DER. */
export type EnrollPlan = EnrollmentPlan & { key: SoftwareKey; csr: Uint8Array };

/**
 * The request of an earlier run when one waits, else a new one, which is saved in `folder` before it is sent. Throws
 * ConfigError when the waiting request is for another certificate.
 */
export async function planOf(
  options: RequestOptions,
  folder: CertificateFolder,
  waiting: WaitingRequest | undefined,
): Promise<EnrollPlan> {
  const signer = options.renew === undefined ? undefined : certificateFolder(options.renew).signer();
  const ownKey = folder.hasCertificate() ? undefined : folder.ownKey();
  const key = waiting?.key ?? ownKey ?? generateKey(options.key);
  const names = requestedNames(options, signer);
  const wanted = { subject: names.subject, extensions: [...names.extensions, ...requestedUsages(key)] };
  const transient = waiting ? waiting.transient : signerFor(key, signer);
  const plan = { ...wanted, key, ...(signer && { signer }), ...(transient && { transient }) };
  if (waiting) {
    assertSameRequest(waiting, wanted, options.out);
    return { ...plan, csr: waiting.csr };
  }
  const challenge = options.simulator ? await mintChallenge(options.simulator, options) : await challengeOf(options);
  const csr = await writeCertificationRequest({ ...wanted, ...(challenge !== undefined && { challenge }) }, key);
  folder.saveRequest({ key, csr, ...(transient && { transient }) });
  return { ...plan, csr };
}

/** No reply can be encrypted to an ML-DSA key: a key of its own signs the message, as Windows does (RFC 8894 2.3). */
const signerFor = ({ kind }: KeyProvider, renewed: ClientSigner | undefined): SoftwareKey | undefined =>
  isMlDsa(kind.type) && !renewed ? generateKey('rsa-2048') : undefined;

/** Names that are not given are those of the certificate that is renewed. */
function requestedNames(
  { subject, san }: RequestOptions,
  signer: ClientSigner | undefined,
): Pick<EnrollPlan, 'subject'> & { extensions: Extension[] } {
  const renewed = signer && readCertificate(signer.certificate);
  const old = renewed && findExtension(certificateExtensions(renewed), OID.subjectAltName);
  const altName = san.length > 0 ? subjectAltName(san.map(generalNameFromText)) : old;
  const name = subject === undefined ? renewed?.subject : nameFromText(subject);
  if (!name)
    throw new Error('--subject is needed, for example --subject "CN=laptop,O=Example"; only a renewal has one already');
  return { subject: name, extensions: altName ? [altName] : [] };
}

// Only RSA keys encipher keys: RFC 3279 2.3.1, RFC 5480 3.
const requestedUsages = ({ kind: key }: KeyProvider): Extension[] => [
  keyUsage(key.type === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']),
  extendedKeyUsage([EXTENDED_KEY_USAGES.clientAuth]),
];
