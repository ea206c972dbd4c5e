/** The PKCS#12 files that were imported for users, as Intune keeps them. */
import { VersionedList } from './versioned-list.ts';

/** One of them, with the members of Graph's userPFXCertificate. Times in ISO 8601; file and password in base64. */
export type ImportedCertificate = {
  /** The object id of the user without dashes, a dash, and the thumbprint. */
  id: string;
  /** SHA-1 of the certificate, lower-case hexadecimal. */
  thumbprint: string;
  intendedPurpose: string;
  userPrincipalName: string;
  startDateTime: string;
  expirationDateTime: string;
  providerName: string;
  keyName: string;
  paddingScheme: string;
  encryptedPfxBlob: string;
  encryptedPfxPassword: string;
  createdDateTime: string;
  lastModifiedDateTime: string;
};

/** The list. */
export class ImportedCertificates {
  readonly #imported = new VersionedList<ImportedCertificate>();

  /** Adds it, or puts it in the place of the one with its id. */
  set(certificate: ImportedCertificate): void {
    this.#imported.set(certificate.id, certificate);
  }

  get(id: string): ImportedCertificate | undefined {
    return this.#imported.get(id);
  }

  /** Nothing when there is none with the id. */
  remove(id: string): void {
    this.#imported.remove(id, 'deleted');
  }

  /** All of them, in the order of their last change, with file and password. */
  list(): ImportedCertificate[] {
    return this.#imported.objects();
  }

  /** At most `most` of those that were changed last after `after`, with the numbers of their changes. */
  after(after: number, most: number): { key: number; certificate: ImportedCertificate }[] {
    return this.#imported
      .changes({ after, most, removed: false })
      .flatMap(({ version, object }) => (object ? [{ key: version, certificate: object }] : []));
  }

  clear(): void {
    this.#imported.clear();
  }
}
