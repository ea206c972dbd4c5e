/** Keys of people in a store, without the work that makes them. */
import type { NewUserKey } from '../../src/core/user-key-store.ts';
import { escrowText } from '../../src/pfx/escrow-text.ts';
import { later, NOON } from '../../src/testing/store-samples.ts';

/** A key for encryption of Jane of `contoso` that was imported at noon. */
export const userKey = (id: string, more: Partial<NewUserKey> = {}): NewUserKey => ({
  id,
  tenant: 'contoso',
  userPrincipalName: 'Jane@contoso.example',
  purpose: 'smimeEncryption',
  origin: 'made',
  state: 'imported',
  at: NOON,
  dueAt: NOON,
  starts: NOON,
  ends: later(1000),
  thumbprint: '01'.repeat(20),
  ...more,
});

/** What is in escrow, sealed to two officers of whom both are needed: no real shares. */
export const SAMPLE_ESCROW = escrowText({
  thumbprint: 'ab'.repeat(32),
  required: 2,
  shares: ['alice', 'bob'].map((officer, n) => ({ officer, sha256: `${n}c`.repeat(32), sealed: Buffer.from('share') })),
  sealed: Buffer.from('the sealed file'),
});
