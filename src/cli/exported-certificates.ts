/** All certificates of a store as one file, in several forms, made from pages so that memory does not grow. */
import { entryChunks, endOfArchive } from '../app/tar.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateStore } from '../core/store.ts';
import { certificatePem } from '../pkix/pem.ts';
import { csvHeading, csvLine, jsonLine } from '../manage/certificate-lines.ts';

/** Counts what was written, and certificates whose octets were removed after their time. */
export type ExportCounts = { written: number; withoutDer: number };
/** Pages to pieces of the file. */
type Form = (certificate: StoredCertificate, now: Date) => Iterable<Uint8Array>;

const text = (line: string): Uint8Array[] => [Buffer.from(line)];

const FORMS = {
  pem: ({ der }) => text(certificatePem(der)),
  der: ({ issuerId, serial, der }) =>
    entryChunks({ name: `${issuerId}/${serial}.cer`, size: der.length, content: [der] }),
  csv: (certificate, now) => text(csvLine(certificate, now)),
  jsonl: (certificate, now) => text(jsonLine(certificate, now)),
} as const satisfies Record<string, Form>;

/** `pem`, `der`: octets only; `csv`, `jsonl`: all facts. */
export type ExportForm = keyof typeof FORMS;
/** The names of the forms. */
export const EXPORT_FORMS = Object.keys(FORMS);

const BEGINNINGS: Partial<Record<ExportForm, () => Uint8Array>> = {
  csv: () => Buffer.from(csvHeading()),
};
const ENDS: Partial<Record<ExportForm, () => Uint8Array>> = { der: endOfArchive };

const PAGE = 500;

/** Newest first. One that is issued meanwhile is not in it. `counts` grows while the pieces are taken. */
export async function* exportedCertificates(
  store: Pick<CertificateStore, 'listCertificates'>,
  form: ExportForm,
  { now, counts }: { now: Date; counts: ExportCounts },
): AsyncGenerator<Uint8Array> {
  const beginning = BEGINNINGS[form]?.();
  if (beginning) yield beginning;
  for (let last: StoredCertificate | undefined; ; ) {
    const page: StoredCertificate[] = await store.listCertificates({ limit: PAGE, ...(last && { after: last }) });
    for (const certificate of page) {
      if (certificate.der.length === 0) counts.withoutDer += 1;
      if (certificate.der.length === 0 && (form === 'pem' || form === 'der')) continue;
      counts.written += 1;
      yield* FORMS[form](certificate, now);
    }
    last = page.at(-1);
    if (!last) break;
  }
  const end = ENDS[form]?.();
  if (end) yield end;
}
