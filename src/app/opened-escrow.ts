/** Opens a key in escrow with the private keys of recovery officers. */
import { resolve } from 'node:path';
import { openEscrow, openShare, type EscrowedPfx } from '../pfx/escrow.ts';
import type { Escrow, EscrowShare } from '../pfx/escrow-text.ts';
import { keyRing } from './key-ring.ts';

/** What was kept, which is secret, and the names of those whose keys opened it. */
export type OpenedEscrow = { pfx: EscrowedPfx; officers: string[] };

/** A scheme has at least two letters: a single letter before the colon is a drive of Windows. */
const isUri = (key: string): boolean => /^[a-z][a-z\d+.-]+:/i.test(key);

/**
 * `keys`: paths of PEM files, or URIs as in `key` of the configuration. They are opened one after the other, because a person may be asked for the
 * passphrase or PIN of each. Throws ConfigError when they are not those of enough officers.
 */
export async function openedEscrow(escrow: Escrow, keys: readonly string[]): Promise<OpenedEscrow> {
  const ring = keyRing();
  const shares: EscrowShare[] = [];
  try {
    for (const key of keys) {
      const uri = isUri(key) ? key : `file:${resolve(key)}`;
      shares.push(await openShare(escrow, await ring.open({ uri, what: 'the key of a recovery officer' })));
    }
    return { pfx: openEscrow(escrow, shares), officers: shares.map(({ officer }) => officer) };
  } finally {
    await ring.close();
  }
}
