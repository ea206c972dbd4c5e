/** The RA of replicas: in the store, where every server of the database reads it. Nothing of it is in files. */
import { equalBytes } from '../core/bytes.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { SecretStore } from '../core/store.ts';
import { pause, systemClock } from '../embed/system.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';
import { inTurn } from './in-turn.ts';
import { filedRas } from './ra.ts';
import {
  isCaInForce,
  type IssuingCa,
  type LoadedRa,
  newRa,
  partiesName,
  type RaForm,
  type RaIssuer,
  sayMade,
} from './ra-certificate.ts';
import { beginsIn, decodeEntries, dueRas, encodeEntries, entryOf, type RaEntry, raAt } from './ra-entries.ts';
import type { RaKeeper } from './ra-keeper.ts';

/** The RA of which authority and parties it is, in which form. `authority`: its name in the configuration. */
export type StoredRa = { form: RaForm; authority: string; ca: IssuingCa };

/** Reads one secret. */
export type ReadSecret = SecretStore['readSecret'];

/** `octets` are those of the store: the entries are read again only when these are others. */
type Row = { version: number; octets: Uint8Array; entries: readonly RaEntry[] };
const NO_ROW: Row = { version: 0, octets: new Uint8Array(), entries: [] };

/** How often another server may have written meanwhile, before it is an error. */
const TRIES = 10;

type Named = { form: RaForm; authority: string; ca: { parties?: string } };

/**
 * The name of the row. No certificate is in it: servers with the old and with the new one of the CA use the same row. ML-KEM keys
 * have a row of their own.
 */
function rowName({ form, authority, ca: { parties } }: Named): string {
  const name = `${form === 'kem' ? 'kem' : 'ra'}/${authority}`;
  return parties === undefined ? name : `${name}/${partiesName(parties)}`;
}

/** `wait` is `pause` when absent. */
type Services = { store: SecretStore; emit: Emit; clock: Clock; wait?: typeof pause };

/**
 * The RA as the store has it. Where it has none for this CA, one is made, and this waits until servers that run can open what is
 * encrypted to it. The first one of all takes over what `ra: auto` has in files. Throws ConfigError when these cannot be read.
 */
export async function storedRa(of: StoredRa, services: Services): Promise<RaKeeper> {
  const { form, ca } = of;
  const { store, clock, wait = pause } = services;
  const name = rowName(of);
  let row = NO_ROW;
  let ra: LoadedRa | undefined;
  const turn = inTurn();

  /** The same object while nothing has changed. */
  function select(): LoadedRa {
    const now = raAt(row.entries, form, ca, clock);
    if (now && !(ra && isSame(ra, now))) ra = now;
    if (!ra) throw new Error(`the secret ${name} has no RA of this CA`);
    return ra;
  }
  async function update(work: () => Promise<Row>): Promise<void> {
    await turn(async () => void (row = await work()));
    select();
  }

  await update(() => completed(of, services, row));
  await wait(beginsIn(row.entries, form, ca, clock));
  return {
    current: () => ra ?? select(),
    automatic: true,
    async refresh() {
      // The next one begins to serve by the clock, also while the database is down.
      select();
      await update(() => readRow(name, store, row));
    },
    renew: () => update(() => (isCaInForce(ca, clock) ? completed(of, services, row) : readRow(name, store, row))),
  };
}

/** One that was deleted stays as it was `known`. Throws when it cannot be read. */
async function readRow(name: string, store: Pick<SecretStore, 'readSecret'>, known: Row): Promise<Row> {
  const secret = await store.readSecret(name);
  if (!secret) return { ...known, version: 0 };
  const { version, value: octets } = secret;
  return {
    version,
    octets,
    entries: equalBytes(octets, known.octets) ? known.entries : decodeEntries(octets, known.entries),
  };
}

/** With what is due made and written. A second server reads what the first one wrote, and makes nothing. */
async function completed(of: StoredRa, { store, emit, clock }: Services, known: Row): Promise<Row> {
  const name = rowName(of);
  for (let tries = 0; tries < TRIES; tries++) {
    const row = await readRow(name, store, known);
    const entries = entriesOf(row, of);
    const due = dueRas(entries, of.form, of.ca, clock);
    if (row.version > 0 && due.length === 0) return row;
    const made: RaEntry[] = [];
    for (const { purpose, from } of due) made.push({ ...(await newRa(of.ca, purpose, clock)), purpose, from });
    const next = rowWith([...entries, ...made], row.version + 1);
    if (!(await store.writeSecret({ name, version: next.version, value: next.octets }))) continue;
    made.forEach((each, index) => sayMade(emit, each, due[index]?.replaces ?? false));
    return next;
  }
  throw new Error(`the secret ${name} was written by other servers ${TRIES} times in a row`);
}

/** Where there is no row yet: what an RA in files has been until now. */
const entriesOf = ({ entries }: Row, { ca, form }: StoredRa): readonly RaEntry[] =>
  entries.length > 0
    ? entries
    : filedRas(ca)
        .map(entryOf)
        .filter(({ purpose }) => (purpose === 'kem') === (form === 'kem'));

const rowWith = (entries: readonly RaEntry[], version: number): Row => ({
  version,
  octets: encodeEntries(entries),
  entries,
});

function isSame(one: LoadedRa, other: LoadedRa): boolean {
  const keys = ({ signer, retired, ...current }: LoadedRa): KeyedCertificate['key'][] =>
    [current, ...(signer ? [signer] : []), ...retired].map(({ key }) => key);
  const [a, b] = [keys(one), keys(other)];
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

/** The RA as the store has it, or else as it would be taken over; undefined when there is none. Makes none. Throws ConfigError. */
export async function existingStoredRa(
  of: StoredRa,
  read: ReadSecret,
  clock: Clock = systemClock,
): Promise<LoadedRa | undefined> {
  const row = await readRow(rowName(of), { readSecret: read }, NO_ROW);
  return raAt(entriesOf(row, of), of.form, of.ca, clock);
}

type Present = { authority: string; read: ReadSecret; ca: RaIssuer };

/** The current certificates, DER, the one that signs first; undefined where the store has none yet. Needs no key of the CA. */
export async function presentStoredRa(
  form: RaForm,
  { authority, read, ca }: Present,
): Promise<Uint8Array[] | undefined> {
  const { entries } = await readRow(rowName({ form, authority, ca: {} }), { readSecret: read }, NO_ROW);
  const ra = raAt(entries, form, ca, systemClock);
  return ra && [...(ra.signer ? [ra.signer.certificate] : []), ra.certificate];
}
