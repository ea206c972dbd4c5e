/** The certificates that Intune lists for a tenant, compared with those of the store. Nothing is changed. */
import type { IntuneCertificate, ListIntuneCertificates } from '../core/intune-certificates.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateStore, NotificationStore } from '../core/store.ts';
import type { Management } from './administrator.ts';
import {
  type CertificateDifference,
  DIFFERENCES,
  isSameCertificate,
  onlyHere,
  onlyInIntune,
  stateDifference,
  thumbprintDigits,
  thumbprintsOf,
} from './certificate-differences.ts';
import { serialSpellings } from './certificates.ts';
import { nextTurn } from './directory-listing.ts';

type ComparedStore = Pick<CertificateStore, 'findCertificatesBySerial' | 'listCertificates'> &
  Pick<NotificationStore, 'outboxStanding'>;

/** What is compared. `endpoints`: the names of those whose certificates Intune must know. */
export type ComparedParts = Pick<Management<ComparedStore>, 'store' | 'clock'> & {
  tenant: string;
  endpoints: readonly string[];
  list: ListIntuneCertificates;
};

/**
 * The result. `listed`: rows of Intune, of which `ended` were not compared and `same` agree with the store. `valid`: certificates
 * of the store that Intune must know. `waiting`: notifications in the outbox.
 */
export type ComparedCertificates = {
  tenant: string;
  listed: number;
  ended: number;
  same: number;
  valid: number;
  waiting: number;
  differences: CertificateDifference[];
};

/** What is kept meanwhile: the differences, and for the rest the thumbprints. */
type Progress = ComparedParts & {
  began: Date;
  result: ComparedCertificates;
  /** Of certificates of the store that Intune lists. */
  known: Set<string>;
  /** Rows whose serial number no certificate of the store has, by their thumbprint. */
  unknown: Map<string, IntuneCertificate>;
};

/** Page by page on both sides. Throws what `list` throws, and the signal's reason on abort. */
export async function compareCertificates(parts: ComparedParts, signal: AbortSignal): Promise<ComparedCertificates> {
  const { tenant, store } = parts;
  const result = { tenant, listed: 0, ended: 0, same: 0, valid: 0, waiting: 0, differences: [] };
  const progress: Progress = { ...parts, began: parts.clock(), result, known: new Set(), unknown: new Map() };
  for await (const rows of parts.list(signal)) {
    for (const row of rows) await addRow(progress, row);
    await nextTurn();
  }
  for (const endpoint of parts.endpoints) await addEndpoint(progress, endpoint, signal);
  const differences = [...progress.result.differences, ...[...progress.unknown.values()].map(onlyInIntune)];
  return { ...result, differences: inOrder(differences), waiting: (await store.outboxStanding()).waiting };
}

const inOrder = (differences: readonly CertificateDifference[]): CertificateDifference[] =>
  DIFFERENCES.flatMap((kind) => differences.filter(({ difference }) => difference === kind));

async function addRow(progress: Progress, row: IntuneCertificate): Promise<void> {
  const { result, began, unknown } = progress;
  result.listed++;
  const certificate = await findCertificate(progress, row);
  const ends = certificate?.notAfter ?? row.ends;
  if (ends !== undefined && ends <= began) result.ended++;
  else if (certificate) match(progress, certificate, row);
  else if (row.thumbprint === '') result.differences.push(onlyInIntune(row));
  else unknown.set(thumbprintDigits(row.thumbprint), row);
}

async function findCertificate({ store }: Progress, row: IntuneCertificate): Promise<StoredCertificate | undefined> {
  for (const serial of serialSpellings(row.serial)) {
    const all = await store.findCertificatesBySerial(serial);
    const found = all.find((each) => isSameCertificate(each, row));
    if (found) return found;
  }
  return undefined;
}

function match({ result, known }: Progress, certificate: StoredCertificate, row: IntuneCertificate): void {
  known.add(certificate.thumbprint);
  const difference = stateDifference(certificate, row);
  if (difference) result.differences.push(difference);
  else result.same++;
}

/** Rows of the store that are read at once. */
const AT_ONCE = 200;

/** What has ended is left out. */
async function addEndpoint(progress: Progress, endpoint: string, signal: AbortSignal): Promise<void> {
  const { store, began } = progress;
  const filter = { endpoint, ends: { from: began }, limit: AT_ONCE };
  for (let page = await store.listCertificates(filter); page.length > 0; ) {
    signal.throwIfAborted();
    for (const each of page) addStored(progress, each);
    await nextTurn();
    page = await store.listCertificates({ ...filter, after: page.at(-1)! });
  }
}

function addStored(progress: Progress, certificate: StoredCertificate): void {
  const { result, began, known, unknown } = progress;
  for (const thumbprint of thumbprintsOf(certificate)) {
    const row = unknown.get(thumbprint);
    if (row && unknown.delete(thumbprint)) match(progress, certificate, row);
  }
  // Before its delivery (`notify: strict`) Intune need not know it, and what is issued meanwhile was not yet in the list.
  if (certificate.state !== 'delivered' || certificate.issuedAt > began) return;
  result.valid++;
  if (!known.has(certificate.thumbprint)) result.differences.push(onlyHere(certificate));
}
