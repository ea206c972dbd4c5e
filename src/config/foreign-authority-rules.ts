/** What an authority can have whose CA is another product: nothing that needs the key of the CA. */
import { ConfigError } from '../core/errors.ts';

/** The keys of an authority that are looked at. */
type KeysOfAuthority = {
  key?: string;
  issuer?: object;
  passphrase?: string;
  ra: string | object;
  crl: { validity?: number; list?: string; shards?: number };
  ocsp?: object;
};

/** A key that needs the key of the CA, and who does what it would do. */
type Needing = { name: string; isThere: (written: KeysOfAuthority) => boolean; instead: string };

const LIST = 'That CA signs its own revocation list: name it in the certificates that it issues.';

const NEEDING: readonly Needing[] = [
  {
    name: 'passphrase',
    isThere: ({ passphrase }) => passphrase !== undefined,
    instead: 'Remove it: it protects a key file of this server, and there is none.',
  },
  { name: 'crl.validity', isThere: ({ crl }) => crl.validity !== undefined, instead: LIST },
  { name: 'crl.list', isThere: ({ crl }) => crl.list !== undefined, instead: LIST },
  { name: 'crl.shards', isThere: ({ crl }) => crl.shards !== undefined, instead: LIST },
  {
    name: 'ocsp',
    isThere: ({ ocsp }) => ocsp !== undefined,
    instead: 'A responder needs a certificate that the CA gave for it: use the responder of that CA.',
  },
];

/** How an administrator makes an RA that a CA elsewhere certifies. */
const OWN_RA =
  'Make its key and a request with `openndes ca csr --ra`, have that CA certify it for digitalSignature and keyEncipherment, and name both: `ra: { certificate: …, key: … }`. See docs/backends.md.';

/** Throws ConfigError for an authority with both or none of `key` and `issuer`, and for one with `issuer` that has what needs a key. */
export function assertKeyOrIssuer(written: KeysOfAuthority): void {
  const { key, issuer, ra } = written;
  if (key === undefined && issuer === undefined)
    throw new ConfigError(
      'neither `key` nor `issuer`, so nothing could be issued',
      'Give the key of the CA, or the CA product that issues in its place: docs/backends.md.',
    );
  if (issuer === undefined) return;
  if (key !== undefined)
    throw new ConfigError(
      'both `key` and `issuer`, so it is not clear who issues',
      'Remove `key` where the other CA issues, and `issuer` where this server does.',
    );
  const needing = NEEDING.find(({ isThere }) => isThere(written));
  if (needing)
    throw new ConfigError(
      `\`${needing.name}\` needs the key of the CA, and an authority with \`issuer\` has none`,
      needing.instead,
    );
  if (typeof ra === 'string')
    throw new ConfigError(`\`ra: ${ra}\` needs the key of the CA, and an authority with \`issuer\` has none`, OWN_RA);
}
