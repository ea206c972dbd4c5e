/** The hash of a link. docs/audit.md has its form, for programs of others that verify a chain. */
import { hash } from 'node:crypto';
import type { ChainedEntry } from '../core/audit-chain.ts';

/** Names the form: a later one gets another name. */
const FORM = 'openndes audit 1';

/** What an entry says about people: who, from which address, why, and with whose one-time password. Hexadecimal. */
export const personalHash = (salt: string, { actor, detail, challenge }: ChainedEntry): string =>
  hashOf([salt, actor.name ?? null, actor.address ?? null, detail ?? null, challenge ?? null]);

/** What a link is made from. `before`: the hash of the link before it; `personal`: as `personalHash`. */
export type LinkParts = { number: number; before: string; entry: ChainedEntry; personal: string };

/** SHA-256, lower-case hexadecimal. */
export const linkHash = ({ number, before, entry, personal }: LinkParts): string =>
  hashOf([
    FORM,
    number,
    before,
    entry.id,
    entry.at,
    entry.event,
    entry.endpoint,
    entry.transactionId,
    entry.serial ?? null,
    entry.certificate ?? null,
    entry.actor.kind,
    entry.source,
    entry.request ?? null,
    personal,
  ]);

/** JSON of an array of strings, whole numbers and null has one form only (RFC 8785). */
const hashOf = (values: readonly (string | number | null)[]): string => hash('sha256', JSON.stringify(values), 'hex');
