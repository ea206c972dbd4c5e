/** Whether an issuing CA can be put to use: everything that is checked before its files are written. */
import { equalBytes } from '../core/bytes.ts';
import { ConfigError } from '../core/errors.ts';
import { certificateExtensions } from '../pkix/certificate.ts';
import { findExtension, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { type CaCertificate, readCaCertificate, readChain } from './ca-certificate.ts';
import { unfitChain } from './fitness.ts';
import { brokenRules, brokenText } from './platform-rules.ts';

/** A new issuing CA. `certificate` and those above it, nearest first, are DER; `spki` is of the key that will sign. */
export type NewIssuingCa = { certificate: Uint8Array; above: readonly Uint8Array[]; spki: Uint8Array };

/** What was checked: the chain, the issuing CA first, the root last, DER; and sentences on what is not as it should be. */
export type Installable = { chain: [Uint8Array, ...Uint8Array[]]; warnings: string[] };

/**
 * Checks key, validity, usages, chain and path length. Throws ConfigError for what would be refused later; a rule of
 * Windows, Android or Apple that the chain breaks is a warning, because not every installation has that platform.
 */
export function installableCa({ certificate, above, spki }: NewIssuingCa, now: Date): Installable {
  const ca = readCaCertificate(certificate, now);
  assertKey(ca, spki);
  const chain = [ca, ...readChain(ca, above, now)] as const;
  const unfit = unfitChain(chain, now);
  const fatal = unfit.find((each) => each.fatal);
  if (fatal) throw new ConfigError(fatal.what, fatal.remedy);
  const warnings = [
    ...unfit.map(({ what, remedy }) => `${what}. ${remedy}`),
    ...withoutLists(ca),
    ...brokenRules(chain).map(brokenText),
  ];
  return { chain: [ca.der, ...chain.slice(1).map(({ der }) => der)], warnings };
}

function assertKey({ publicKey, text }: CaCertificate, spki: Uint8Array): void {
  if (equalBytes(publicKey.spki, readPublicKey(spki).spki)) return;
  throw new ConfigError(
    `${text}: this is the certificate of another key`,
    'Give the certificate that was made from the request of this key, or make a new request.',
  );
}

function withoutLists({ view, text }: CaCertificate): string[] {
  const usage = findExtension(certificateExtensions(view), OID.keyUsage)?.value;
  if (!usage || readKeyUsage(usage).includes('cRLSign')) return [];
  return [
    `${text}: its keyUsage lacks cRLSign, so there will be no revocation list. Ask for a certificate with cRLSign.`,
  ];
}
