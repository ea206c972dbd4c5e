/** The job that links new entries of the history, and signs the end of the chain. */
import type { AuditChainStore, ChainPlace, HeadSeal, StoredHead } from '../core/audit-chain.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import { monotonic, pause, systemRandom } from '../embed/system.ts';
import { type BatchTiming, inBatches } from '../jobs/in-batches.ts';
import type { Job } from '../jobs/leased-job.ts';

/** `seal` is absent where no key is configured. `random`, `timing` and `every`: those of the system when absent. */
export type AuditChainParts = {
  store: Pick<AuditChainStore, 'chainAudit' | 'chainEnd' | 'listLinks' | 'listHeads' | 'saveHead'>;
  seal?: HeadSeal | undefined;
  clock: Clock;
  random?: RandomBytes;
  timing?: BatchTiming;
};

const SYSTEM: BatchTiming = { now: monotonic, pause };
/** Milliseconds. An entry has its link at most five seconds after its commit. */
const EVERY = 4_000;

/** A run ends soon after the jobs are closed; the next one goes on. */
export function auditChainJob({ store, seal, clock, random = systemRandom, timing = SYSTEM }: AuditChainParts): Job {
  const ending = new AbortController();
  let signed: number | undefined;
  async function sign(seal: HeadSeal): Promise<void> {
    const end = await store.chainEnd();
    if (!end || end.number === 0 || end.number === signed) return;
    await signEnd({ store, seal, clock }, end);
    signed = end.number;
  }
  const run = async (signal: AbortSignal): Promise<void> => {
    const stop = AbortSignal.any([signal, ending.signal]);
    await inBatches((limit) => store.chainAudit({ limit, random }), timing, stop);
    if (seal && !stop.aborted) await sign(seal);
  };
  return { name: 'audit-chain', every: EVERY, run, end: () => ending.abort() };
}

/** Of what was removed meanwhile only the places in AuditHead are known: then the end of the removal stands for it. */
async function hashAt(
  { store, heads }: Pick<Signing, 'store'> & Heads,
  newest: StoredHead,
): Promise<string | undefined> {
  const [link] = await store.listLinks({ after: newest.number - 1, limit: 1 });
  if (link?.number === newest.number) return link.hash;
  const removal = heads.find(
    ({ kind, first, number }) => kind === 'removed' && first <= newest.number && number >= newest.number,
  );
  if (removal?.number === newest.number) return removal.hash;
  return removal && newest.hash;
}

type Heads = { heads: readonly StoredHead[] };
type Signing = Pick<AuditChainParts, 'store' | 'clock'> & { seal: HeadSeal };

/** Once, unless it was signed with another key. */
async function signEnd({ store, seal, clock }: Signing, end: ChainPlace): Promise<void> {
  const heads = await store.listHeads();
  const chain = heads.find(({ kind }) => kind === 'genesis')?.hash;
  if (chain === undefined)
    throw new Error('The chain of the history has lost its beginning: run `openndes audit verify`.');
  const newest = heads.find(({ kind }) => kind === 'newest');
  if (newest && newest.number > end.number)
    throw new Error(
      `The chain of the history ends at entry ${end.number}, and it was signed up to entry ${newest.number}: run \`openndes audit verify\`.`,
    );
  if (newest && (await hashAt({ store, heads }, newest)) !== newest.hash)
    throw new Error(
      `The history up to entry ${newest.number} is not the one that was signed, so nothing new is signed: run \`openndes audit verify\`.`,
    );
  if (newest?.number === end.number && seal.isOwn(newest, chain)) return;
  const head = { ...end, at: clock() };
  await store.saveHead({ ...head, ...(await seal.sign({ ...head, kind: 'newest', first: 1 }, chain)) });
}
