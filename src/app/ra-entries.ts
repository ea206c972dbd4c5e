/** The list of RA certificates that replicas share: which one serves at a moment, and how the list is written. */
import { createPrivateKey } from 'node:crypto';
import type { RaPurpose } from '../ca/create.ts';
import type { Clock } from '../core/environment.ts';
import { MINUTE } from '../core/durations.ts';
import { standingOf } from '../core/watched.ts';
import { softwareKey } from '../keys/software.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { isMlKem } from '../pkix/ml-kem.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';
import { missingUsages } from './own-ra.ts';
import {
  isIssuedBy,
  isUsable,
  type LoadedRa,
  type NewRa,
  RA_PURPOSES,
  type RaForm,
  type RaIssuer,
} from './ra-certificate.ts';

/** `from`: when it begins to serve. Before and after that it decrypts, unless it only signs. */
export type RaEntry = NewRa & { purpose: RaPurpose; from: Date };

/**
 * Milliseconds from the writing of a next RA to its use. Meanwhile every replica has read it, so that it opens what a client
 * encrypts to the one that another replica gave it.
 */
export const ANNOUNCED = 10 * MINUTE;

/**
 * Milliseconds, where none serves for this CA and form that could serve meanwhile: a server begins so much later. Longer than
 * the time between two looks of a server at the row (ra-keeper.ts).
 */
const TAKEN_OVER = 15_000;

/** The RA at this moment, of the entries of this CA; undefined when none decrypts for it. */
export function raAt(entries: readonly RaEntry[], form: RaForm, ca: RaIssuer, clock: Clock): LoadedRa | undefined {
  const [decrypts, signs] = RA_PURPOSES[form];
  const current = currentOf(entries, decrypts, ca, clock);
  const signer = signs && currentOf(entries, signs, ca, clock);
  if (!current) return undefined;
  const retired = entries.filter((each) => each !== current && each.purpose !== 'sign').map(pair);
  return { ...pair(current), retired, ...(signer && { signer: pair(signer) }) };
}

const pair = ({ certificate, key }: RaEntry): KeyedCertificate => ({ certificate, key });

/**
 * The newest that is in force and has begun to serve. Where none has begun, the one that begins first: its maker has a clock
 * that is ahead of this one. Where none is in force, the newest, of which the watch tells the administrator.
 */
function currentOf(entries: readonly RaEntry[], purpose: RaPurpose, ca: RaIssuer, clock: Clock): RaEntry | undefined {
  const own = entries
    .filter((each) => each.purpose === purpose && isIssuedBy(each.certificate, ca))
    .toSorted((a, b) => a.from.getTime() - b.from.getTime());
  const inForce = own.filter((each) => isInForce(each, clock));
  return inForce.findLast(({ from }) => from <= clock()) ?? inForce[0] ?? own.at(-1);
}

const isInForce = ({ certificate }: RaEntry, clock: Clock): boolean =>
  ['valid', 'ends'].includes(standingOf({ validity: readValidity(readCertificate(certificate)) }, clock()));

/** Milliseconds until the RA of this moment begins to serve. At most the time in which other servers take it over. */
export function beginsIn(entries: readonly RaEntry[], form: RaForm, ca: RaIssuer, clock: Clock): number {
  const from = RA_PURPOSES[form].map((purpose) => currentOf(entries, purpose, ca, clock)?.from.getTime() ?? 0);
  return Math.min(Math.max(0, ...from.map((each) => each - clock().getTime())), TAKEN_OVER);
}

/** What is to be made: for which purposes, and from when each is to serve. `replaces`: whether there is one that serves. */
export type DueRa = { purpose: RaPurpose; from: Date; replaces: boolean };

/** None while there is one for each purpose that does not end soon, be it announced only. */
export const dueRas = (entries: readonly RaEntry[], form: RaForm, ca: RaIssuer, clock: Clock): DueRa[] =>
  RA_PURPOSES[form]
    .filter((purpose) => !entries.some((each) => each.purpose === purpose && isUsable(each.certificate, ca, clock)))
    .map((purpose) => {
      const present = currentOf(entries, purpose, ca, clock);
      const serves = present !== undefined && isInForce(present, clock);
      // The first entry of all is read by every server before it listens.
      const until = serves ? ANNOUNCED : entries.length > 0 ? TAKEN_OVER : 0;
      const from = new Date(clock().getTime() + until);
      return { purpose, from, replaces: present !== undefined };
    });

/** An RA that was kept in files. It has served since it began. */
export function entryOf(ra: NewRa): RaEntry {
  const missing = missingUsages(ra.certificate);
  const from = readValidity(readCertificate(ra.certificate)).notBefore;
  if (isMlKem(ra.key.kind.type)) return { ...ra, purpose: 'kem', from };
  const purpose = missing.length === 0 ? 'both' : missing.includes('digitalSignature') ? 'encrypt' : 'sign';
  return { ...ra, purpose, from };
}

/** As it is in the store: certificate DER, key PKCS#8, both in base64. */
type WrittenEntry = { certificate: string; key: string; purpose: RaPurpose; from: string };

/** JSON. The private keys are in it as they are: only a store that seals may have it. */
export const encodeEntries = (entries: readonly RaEntry[]): Uint8Array =>
  Buffer.from(JSON.stringify(entries.map(writtenEntry)));

const writtenEntry = ({ certificate, key, purpose, from }: RaEntry): WrittenEntry => ({
  certificate: Buffer.from(certificate).toString('base64'),
  key: key.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  purpose,
  from: from.toISOString(),
});

/** Entries that are `known` stay the objects that they are, with their keys. */
export function decodeEntries(octets: Uint8Array, known: readonly RaEntry[]): RaEntry[] {
  const before = new Map(known.map((each) => [Buffer.from(each.certificate).toString('base64'), each]));
  const written = JSON.parse(Buffer.from(octets).toString()) as WrittenEntry[];
  return written.map((each) => before.get(each.certificate) ?? readEntry(each));
}

const readEntry = ({ certificate, key, purpose, from }: WrittenEntry): RaEntry => ({
  certificate: new Uint8Array(Buffer.from(certificate, 'base64')),
  key: softwareKey(createPrivateKey({ key: Buffer.from(key, 'base64'), type: 'pkcs8', format: 'der' })),
  purpose,
  from: new Date(from),
});
