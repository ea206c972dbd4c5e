/** Which certificates belong to what is gone from the directory of a tenant, and their revocation within its bound. */
import { DAY } from '../core/durations.ts';
import type { DirectoryKind, DirectoryStanding, DirectoryStore, GoneObject } from '../core/tenant-directory.ts';
import type { BlockName, CertificateId, CertificateName, StoredCertificate } from '../core/records.ts';
import type { BlockStore, CertificateStore } from '../core/store.ts';
import type { Management } from './administrator.ts';
import { addBlock, blockName } from './block-list.ts';
import { revokeCertificate } from './certificates.ts';
import { nextTurn } from './directory-listing.ts';

type ReadingStore = Pick<DirectoryStore, 'listGone' | 'countLive' | 'countTaken'> &
  Pick<CertificateStore, 'listCertificates'>;

/** Whose certificates are looked for. `endpoints`: names; certificates of others are left alone. */
export type GoneParts = { tenant: string; endpoints: readonly string[] };

/** An object that is gone, and its certificates that are neither revoked nor ended. */
export type GoneCertificates = { object: GoneObject; certificates: StoredCertificate[] };

const PAGE = 100;

/** Everything that is gone since before this listing, and has certificates. */
export async function* goneCertificates(
  { store, tenant, endpoints, clock }: GoneParts & Pick<Management<ReadingStore>, 'store' | 'clock'>,
  before: number,
): AsyncIterable<GoneCertificates> {
  const page = (after?: GoneObject) =>
    store.listGone(tenant, { before, limit: PAGE, ...(after && { after: { kind: after.kind, id: after.id } }) });
  for (let gone = await page(); gone.length > 0; gone = await page(gone.at(-1)))
    for (const object of gone) {
      const names = namesOf(object);
      const named = names.length === 0 ? [] : await store.listCertificates({ names });
      const certificates = named.filter(
        ({ state, notAfter, endpoint }) => state !== 'revoked' && notAfter > clock() && endpoints.includes(endpoint),
      );
      if (certificates.length > 0) yield { object, certificates };
      await nextTurn();
    }
}

/** How certificates name an object. One that came back under another id still has its name. */
function namesOf({ kind, id, name, nameReturned }: GoneObject): CertificateName[] {
  const own: CertificateName[] = kind === 'managed' ? both('intuneDeviceId', id) : [];
  return nameReturned || name === '' ? own : [...own, ...both(kind === 'user' ? 'upn' : 'entraDeviceId', name)];
}

const both = (kind: CertificateName['kind'], value: string): CertificateName[] => [
  { kind, value },
  { kind: 'cn', value },
];

/** What is gone, for people. */
export const whatIsGone = ({ kind, id, name }: Pick<GoneObject, 'kind' | 'id' | 'name'>): string =>
  ({
    managed: `the device ${id} is not in Intune any more`,
    device: `the device ${name} is not in Entra any more`,
    user: `the user ${name} is deleted or disabled`,
  })[kind];

/** What is blocked with its certificates: a wiped device has its id in Entra still, and may come back under it. */
export const blockOf = (kind: DirectoryKind, { id, name }: Pick<GoneObject, 'id' | 'name'>): BlockName | undefined =>
  blockName({ managed: `device:${id}`, device: `device:${name}`, user: `user:${name}` }[kind]);

type Revoking = GoneParts &
  Management<
    ReadingStore &
      Pick<DirectoryStore, 'takeRevocations'> &
      Pick<CertificateStore, 'revoke'> &
      Pick<BlockStore, 'addBlock'>
  > & {
    /** Percent. */
    limit: number;
    done: (certificate: StoredCertificate, why: string) => void;
  };

/** What a run did. `waiting`: certificates beyond the bound. */
export type RevokedByDirectory = { revoked: number; waiting: number };

/**
 * Revokes what is gone since before the last complete listing and was approved, and of the rest as much as the bound allows;
 * nothing of the rest while certificates wait for approval.
 */
export async function revokeGone(
  revoking: Revoking,
  standing: DirectoryStanding,
  signal: AbortSignal,
): Promise<RevokedByDirectory> {
  let revoked = 0;
  const waiting = new Set<string>();
  const bound = onlyOnce(() => boundOf(revoking, standing.waiting > 0));
  for await (const { object, certificates } of goneCertificates(revoking, standing.listing)) {
    signal.throwIfAborted();
    const isFree = object.goneSince <= standing.approved || revoking.limit === 100;
    const taken = isFree ? certificates : await taking(revoking, certificates, await bound());
    revoked += await revokeAll(revoking, object, taken);
    for (const each of certificates) if (!taken.includes(each)) waiting.add(keyOf(each));
  }
  return { revoked, waiting: waiting.size };
}

const keyOf = ({ issuerId, serial }: CertificateId): string => `${issuerId}/${serial}`;

function onlyOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The share of the certificates that were valid when the 24 hours began. */
async function boundOf(
  { store, tenant, endpoints, clock, limit }: Revoking,
  isWaiting: boolean,
): Promise<{ since: Date; at: Date; most: number }> {
  const at = clock();
  const since = new Date(at.getTime() - DAY);
  if (isWaiting || limit === 0) return { since, at, most: 0 };
  const live = await countAllLive(store, endpoints, at);
  const most = Math.max(1, Math.floor(((live + (await store.countTaken(tenant, since))) * limit) / 100));
  return { since, at, most };
}

/** A part at a time. */
export async function countAllLive(
  store: Pick<DirectoryStore, 'countLive'>,
  endpoints: readonly string[],
  at: Date,
): Promise<number> {
  let all = 0;
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { live, next }: { live: number; next?: number } = await store.countLive({ endpoints, at, from });
    all += live;
    from = next;
    await nextTurn();
  }
  return all;
}

async function taking(
  { store, tenant }: Revoking,
  certificates: readonly StoredCertificate[],
  bound: Parameters<DirectoryStore['takeRevocations']>[2],
): Promise<StoredCertificate[]> {
  const ids = certificates.map(({ issuerId, serial }) => ({ issuerId, serial }));
  const taken = new Set((await store.takeRevocations(tenant, ids, bound)).map(keyOf));
  return certificates.filter((each) => taken.has(keyOf(each)));
}

/** Blocks first, so that no certificate is renewed in between. */
async function revokeAll(
  revoking: Revoking,
  object: GoneObject,
  certificates: readonly StoredCertificate[],
): Promise<number> {
  const [first] = certificates;
  if (!first) return 0;
  const why = whatIsGone(object);
  const block = blockOf(object.kind, object);
  if (block) await addBlock(revoking, block, { comment: why, certificate: first });
  let revoked = 0;
  for (const each of certificates)
    if (await revokeCertificate(revoking, each, 'cessationOfOperation', why)) {
      revoked++;
      revoking.done(each, why);
    }
  return revoked;
}
