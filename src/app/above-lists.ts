/** Revocation lists of the CAs above an authority: signed elsewhere, put into a file, served and watched here. */
import type { CaCertificate } from '../ca/ca-certificate.ts';
import { readCaCertificate } from '../ca/ca-certificate.ts';
import { DAY, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { Watched } from '../core/watched.ts';
import { systemClock } from '../embed/system.ts';
import { listOctets, type ReadList, readList } from '../revocation/read-list.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { readFileAtOnce } from './files.ts';

/** A list, the CA that signs it (DER), and when it ends. */
export type AboveList = { list: string; certificate: Uint8Array; crl: RevocationList; ends: () => Watched };

/** As in the configuration: its name in the URL, and a file, DER or PEM. */
export type AboveListConfig = { list: string; file: string };

const WHAT = 'a revocation list of a CA above';
/** After this time the file is read again: a new list needs no reload. */
const LOOK_AGAIN = MINUTE / 2;
/** Milliseconds before nextUpdate from which a new list is due: somebody has to go to the root for it. */
const DUE = 30 * DAY;

type Signed = { ca: CaCertificate; octets: Uint8Array; read: ReadList };

/** Reads the list. `above`: the CAs above the authority, DER. Throws ConfigError when none of them signed it. */
export async function loadAboveList(
  { list, file }: AboveListConfig,
  above: readonly Uint8Array[],
  clock: Clock = systemClock,
): Promise<AboveList> {
  const cas = above.map((der) => readCaCertificate(der, clock()));
  let current = await signedBy(file, cas);
  let lookAt = clock().getTime() + LOOK_AGAIN;
  let failure: Error | undefined;
  async function look(): Promise<void> {
    lookAt = clock().getTime() + LOOK_AGAIN;
    try {
      const found = await signedBy(file, [current.ca]);
      // A copy from before must not take back a revocation.
      if (found.read.thisUpdate >= current.read.thisUpdate) current = found;
      failure = undefined;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
  }
  const crl = async (): Promise<Uint8Array> => {
    if (clock().getTime() >= lookAt) await look();
    return current.octets;
  };
  const ends = (): Watched => watchedList(list, current);
  return { list, certificate: current.ca.der, crl: Object.assign(crl, { failure: () => failure }), ends };
}

const watchedList = (list: string, { ca, read }: Signed): Watched => ({
  what: `list ${list}`,
  subject: ca.text,
  validity: { notBefore: read.thisUpdate, notAfter: read.nextUpdate },
  isList: true,
  leaf: true,
  warnFrom: DUE,
});

async function signedBy(file: string, cas: readonly CaCertificate[]): Promise<Signed> {
  const octets = readFileAtOnce(file, WHAT);
  const reasons: string[] = [];
  for (const ca of cas) {
    try {
      return { ca, octets: listOctets(octets), read: await readList(octets, ca) };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new ConfigError(
    `${file}: ${reasons[0] ?? 'there is no CA above this authority'} (${WHAT})`,
    'Give the list that a CA of `chain` signed. For a root of openndes: openndes ca crl --root.',
  );
}
