/** The options of commands that make a CA: what it may certify, and where its issuer publishes. */
import type { Command } from 'commander';
import type { CaLimits } from '../ca/ca-limits.ts';
import { nameConstraints } from '../ca/name-subtrees.ts';
import { catchDerError } from '../asn1/limits.ts';
import { ConfigError } from '../core/errors.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { collect } from './options.ts';

/** As commander gives them. */
export type LimitOptions = {
  permit: string[];
  exclude: string[];
  purpose: string[];
  crlUrl: string[];
  aiaUrl: string[];
};

/** Adds the options to a command that makes an issuing CA. */
export const withLimits = (command: Command): Command =>
  command
    .option(
      '--permit <names>',
      'the CA may certify these names only: dns:, email:, uri:, ip: or directory:',
      collect,
      [],
    )
    .option('--exclude <names>', 'the CA may not certify these names', collect, [])
    .option(
      '--purpose <purpose>',
      'limit the CA to this extended key usage; best without, RADIUS servers refuse some',
      collect,
      [],
    )
    .option('--crl-url <url>', 'where the list of the CA above it is published, http', collect, [])
    .option('--aia-url <url>', 'where the certificate of the CA above it is published, http', collect, []);

/** What the options ask for. Throws ConfigError, which names the option. */
export function limitsOf({ permit, exclude, purpose, crlUrl, aiaUrl }: LimitOptions): CaLimits {
  const names = { permit, exclude };
  catchDerError(
    () => nameConstraints(names),
    ({ message }) => {
      throw new ConfigError(`--permit or --exclude: ${message}`, 'For example --permit dns:example.com.');
    },
  );
  return {
    names,
    extendedKeyUsage: purpose.map(purposeOid),
    crl: crlUrl.map((url) => plainHttp('--crl-url', url)),
    caIssuers: aiaUrl.map((url) => plainHttp('--aia-url', url)),
  };
}

function purposeOid(name: string): string {
  const oid = Object.hasOwn(EXTENDED_KEY_USAGES, name) ? EXTENDED_KEY_USAGES[name] : undefined;
  if (oid) return oid;
  if (/^[0-2](\.\d{1,10}){2,20}$/.test(name)) return name;
  throw new ConfigError(
    `--purpose: ${name.slice(0, 80)} is not known`,
    `Write a dotted OID, or one of ${Object.keys(EXTENDED_KEY_USAGES).join(', ')}.`,
  );
}

/** RFC 5280 8: a verifier that fetches over TLS needs a chain for that, and could never end. Windows fetches http only. */
function plainHttp(option: string, url: string): string {
  if (/^http:\/\/[\x21-\x7e]+$/.test(url) && URL.canParse(url)) return url;
  throw new ConfigError(`${option}: not a URL of plain HTTP`, 'Write it as http://pki.example.com/crl/root.crl.');
}
