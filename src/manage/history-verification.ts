/** What an administrator does with the chain over the history: verify it, and take its head away as proof. */
import type { KeyObject } from 'node:crypto';
import { type HeadOfChain, isSignedBy } from '../audit/signed-head.ts';
import { type ChainReport, type ChainSource, verifyChain } from '../audit/verified-chain.ts';
import type { Clock } from '../core/environment.ts';
import type { AuditChainStore, HeadSignature, StoredHead } from '../core/audit-chain.ts';

/** A head that was exported. It is not signed where no key was configured. */
export type ExportedHead = HeadOfChain & Partial<HeadSignature>;

/**
 * `exported`: heads that were kept elsewhere, each with the file that it is from. `keys`: public keys by their names, as in
 * HeadSignature. `unsignedUntil`: removals up to this entry are from before there was a key.
 */
export type VerificationParts = {
  store: ChainSource;
  exported: readonly { file: string; head: ExportedHead }[];
  keys: ReadonlyMap<string, KeyObject>;
  unsignedUntil: number;
};

/** Reads the whole history. Throws what the store throws. */
export async function verifyHistory({ store, exported, keys, unsignedUntil }: VerificationParts): Promise<ChainReport> {
  const heads = await store.listHeads();
  const chain = heads.find(({ kind }) => kind === 'genesis')?.hash ?? '';
  const newest = heads.find(({ kind }) => kind === 'newest');
  const isSigned = (head: StoredHead, of: string): boolean =>
    keys.size === 0 || head.number <= unsignedUntil || signatureFault({ ...head, chain: of }, keys) === undefined;
  const report = await verifyChain(store, {
    heads: [
      ...(newest ? [{ ...newest, chain, what: 'the signed head of the store' }] : []),
      ...exported.map(({ file, head }) => ({ ...head, what: `the head in ${file}` })),
    ],
    isSigned,
  });
  const signed = [
    ...(newest ? [{ what: 'the signed head of the store', head: { ...newest, chain } }] : []),
    ...exported.flatMap(({ file, head }) => (head.signature ? [{ what: `the head in ${file}`, head }] : [])),
  ];
  for (const { what, head } of signed) {
    const fault = keys.size > 0 || what !== 'the signed head of the store' ? signatureFault(head, keys) : undefined;
    if (fault !== undefined) report.faults.push(`${what} ${fault}`);
  }
  report.notes.push(...unsigned({ report, newest, keys }));
  return report;
}

function signatureFault(head: ExportedHead, keys: VerificationParts['keys']): string | undefined {
  const { signature, key = '' } = head;
  if (!signature) return 'is not signed';
  const known = keys.get(key);
  if (!known) return `is signed by the key ${key}, which is not known here: give its public key with --key`;
  return isSignedBy(known, head, { signature }) ? undefined : 'has a signature that is not valid';
}

type Standing = { report: ChainReport; newest: StoredHead | undefined; keys: VerificationParts['keys'] };

function unsigned({ report: { end }, newest, keys }: Standing): string[] {
  if (keys.size === 0)
    return [
      'nothing is compared with a signature: without `audit.key`, only exported heads show that the whole chain was not written anew',
    ];
  const left = end.number - (newest?.number ?? 0);
  return left > 0 ? [`the last ${left} entries are not signed yet`] : [];
}

/** The head that the chain has now: the last that was signed, or its end where none was. Undefined while nothing is linked. */
export async function presentHead({
  store,
  clock,
}: {
  store: Pick<AuditChainStore, 'listHeads' | 'chainEnd'>;
  clock: Clock;
}): Promise<ExportedHead | undefined> {
  const heads = await store.listHeads();
  const chain = heads.find(({ kind }) => kind === 'genesis')?.hash;
  const newest = heads.find(({ kind }) => kind === 'newest');
  if (chain === undefined) return undefined;
  if (newest) return { ...newest, chain };
  const end = await store.chainEnd();
  return end && { ...end, kind: 'newest', first: 1, at: clock(), chain };
}
