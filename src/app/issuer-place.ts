/** A CA product of an authority, and what it is made for. */
import type { CaProduct } from '../ca/checked-issuer.ts';
import type { Profile } from '../ca/profile.ts';

/**
 * What a CA product is made for. `profile`: what the certificates of an endpoint may contain; `certificate`: of the CA that issues,
 * `chain`: those above it, DER, as the administrator has pinned them.
 */
export type IssuerPlace = { profile: Profile; certificate: Uint8Array; chain: readonly Uint8Array[] };

/** A product that may have connections to close. */
export type ClosableProduct = CaProduct & { close?: () => Promise<void> };
