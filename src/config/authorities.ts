/** `authorities`: the issuing CAs, and the RA certificates to which the clients of each encrypt. */
import { z } from 'zod';
import { DAY, HOUR } from '../core/durations.ts';
import { secret, transformed } from './yaml/value-type.ts';
import { choice, duration, either, integer, text } from './yaml/value-types.ts';
import { assertKeyOrIssuer } from './foreign-authority-rules.ts';
import { issuerSection } from './issuer-section.ts';
import { ocspSection } from './ocsp-section.ts';
import { file, type FileContext, keyUri } from './references.ts';
import { type RolledOver, rolledOver } from './successors.ts';
import { defaulted, listOf, mapOf, optional, required, section } from './yaml/table.ts';

const listValidity = {
  ...duration('7d'),
  schema: duration('7d').schema.refine((ms) => ms >= HOUR, 'shorter than an hour'),
};

const passphrase = () =>
  optional(
    secret(text('"${env:KEY_PASSPHRASE}"')),
    'The passphrase of the key file, or the PIN of a token without `pin-source`.',
    'asked for at a terminal; else none',
  );

const retired = (context: FileContext) =>
  section('An RA certificate that was in use before.', '{ certificate: certs/old-ra.pem, key: certs/old-ra.key.pem }', {
    certificate: required(file(context, 'certs/old-ra.pem'), 'PEM or DER.'),
    key: required(keyUri(context, 'file:certs/old-ra.key.pem'), 'Its RSA key, PEM.'),
    passphrase: passphrase(),
  });

const ra = (context: FileContext) =>
  section('An RA of your own.', '{ certificate: certs/ra.pem, key: certs/ra.key.pem }', {
    certificate: required(file(context, 'certs/ra.pem'), 'The RA certificate, issued by this authority; PEM or DER.'),
    key: required(keyUri(context, 'file:certs/ra.key.pem'), 'Its RSA key, PEM.'),
    passphrase: passphrase(),
    retired: optional(
      {
        schema: listOf('', '[]', retired(context)),
        type: 'a list of RA certificates with keys',
        example: '[{ certificate: certs/old-ra.pem, key: certs/old-ra.key.pem }]',
        secret: false,
      },
      'Earlier RA certificates. Messages to them are still opened, because clients keep the certificate that they fetched once. The reply is signed by the same one while it is valid and its key usage allows it.',
      'none',
    ),
  });

const next = (context: FileContext) =>
  section('The next CA.', '{ certificate: certs/next-ca.pem, chain: certs/next-chain.pem }', {
    certificate: required(file(context, 'certs/next-ca.pem'), 'Its certificate, PEM or DER. Its key is not needed.'),
    chain: optional(
      file(context, 'certs/next-chain.pem'),
      'The certificates above it, the root last; PEM. Needed when it is not a root itself.',
      'none above it',
    ),
  });

const LIST_NAME = {
  ...text('issuing'),
  schema: z.string().regex(/^[A-Za-z0-9_-]+$/),
  type: 'letters, digits, `-` and `_`',
};

const previous = (context: FileContext) =>
  section('A CA that signs lists only.', '{ certificate: certs/old-ca.pem, key: certs/old-ca.key.pem }', {
    certificate: required(file(context, 'certs/old-ca.pem'), 'Its certificate, PEM or DER.'),
    key: required(keyUri(context, 'file:certs/old-ca.key.pem'), 'Its key, PEM.'),
    passphrase: passphrase(),
    list: optional(
      LIST_NAME,
      'Its list is served at `/crl/LIST.crl`. Write the name that its certificates have in their URL.',
      '`NAME-1` for the first one of the authority NAME, and so on',
    ),
  });

const above = (context: FileContext) =>
  section('A list of a CA above.', '{ list: root, file: certs/root.crl }', {
    list: required(
      LIST_NAME,
      'The list is served at `/crl/LIST.crl`, and the certificate of its CA at `/aia/LIST.cer`.',
    ),
    file: required(
      file(context, 'certs/root.crl'),
      'DER or PEM, signed by a CA of `chain`, as `openndes ca crl --root` writes it.',
    ),
  });

const authority = (context: FileContext) =>
  section('An issuing CA.', '{ certificate: certs/issuing-ca.pem, key: "file:certs/issuing-ca.key.pem" }', {
    certificate: required(file(context, 'certs/issuing-ca.pem'), 'The certificate of the issuing CA, PEM or DER.'),
    chain: optional(
      file(context, 'certs/chain.pem'),
      'The certificates above it, the root last; PEM. Needed when the issuing CA is not a root itself.',
      'none above it',
    ),
    key: optional(
      keyUri(context, '"file:certs/issuing-ca.key.pem"'),
      'Its key, RSA or EC. It only signs. Of a PEM file: only the user that runs openndes may read the file, or root and the group of the file when root owns it. An authority has either this key or an `issuer`.',
    ),
    issuer: optional(
      issuerSection(context),
      'Another CA product that issues in place of a key: exactly one of the keys below ([backends.md](backends.md)). `certificate` and `chain` are then its CA, and a certificate of any other CA is refused.',
      'this server issues with `key`',
    ),
    passphrase: passphrase(),
    ra: defaulted(
      either(choice('auto', 'split', 'none'), ra(context), 'an RA of your own'),
      'auto',
      'The certificate to which clients encrypt. `auto`: created beside the certificate of the CA as `ra.pem` and `ra.key.pem`, and renewed 30 days before its end, also while the server runs; for endpoints whose policy tells a tenant, a webhook or a module the challenge, another one for each of these, in a folder `ra-…` beside it. `split`: the same as a pair, `ra-sign` and `ra-enc`, as NDES has it. With `store.secretsKey` both are in the store and not in files. `none`: clients encrypt to the CA itself, whose key must then be RSA.',
    ),
    crl: section('Its revocation list.', '{ validity: 7d }', {
      validity: optional(
        listValidity,
        'How long a list is valid. A new one is signed when a certificate is revoked, and after half of this time. It is served at `/crl/NAME.crl`.',
        '7d',
      ),
      list: optional(
        LIST_NAME,
        'Its list is served at `/crl/LIST.crl`. For a CA that has replaced another one, whose certificates have `/crl/NAME.crl` in them. A URL of a profile that ends with `/crl/NAME.crl` is written as `/crl/LIST.crl` into certificates.',
        'the name of the authority',
      ),
      above: optional(
        {
          schema: listOf('', '[]', above(context)),
          type: 'a list of revocation lists',
          example: '[{ list: root, file: certs/root.crl }]',
          secret: false,
        },
        'The lists of the CAs above it. They are signed elsewhere, served here, and watched: NPS and other verifiers check every CA below the root. A new file is served within a minute, without a reload.',
        'none',
      ),
      shards: optional(
        integer(1, 1024, 16),
        'Into how many lists it is split. Each certificate names one of them: a URL of its profile that ends with `/crl/NAME.crl` is written as `/crl/NAME/1.crl` and so on. The whole list is at `/crl/NAME.crl` still. The number can only be raised.',
        'one list',
      ),
    }).prefault({}),
    ocsp: optional(
      {
        schema: ocspSection(),
        type: 'a mapping of keys',
        example: '{ validity: 1h }',
        secret: false,
      },
      'An OCSP responder at `/ocsp/NAME`. `{}` is one with every default.',
      'none',
    ),
    previous: optional(
      {
        schema: listOf('', '[]', previous(context)),
        type: 'a list of CAs with keys',
        example: '[{ certificate: certs/old-ca.pem, key: certs/old-ca.key.pem, list: issuing }]',
        secret: false,
      },
      'CAs that were here before. They issue nothing any more: their keys sign the revocation lists of the certificates that they issued. Remove one when its last certificate has ended.',
      'none',
    ),
    next: optional(
      {
        schema: next(context),
        type: 'a mapping of keys',
        example: '{ certificate: certs/next-ca.pem }',
        secret: false,
      },
      'The CA that will replace this one. Clients that ask for it (GetNextCACert) can trust it in advance.',
      'none',
    ),
  });

const LIST_VALIDITY = 7 * DAY;

const afterRollovers = (context: FileContext) => transformed(authority(context), (written) => loaded(written, context));

type Written = z.output<ReturnType<typeof authority>>;
type WithDefaults = Written & { crl: { validity: number } };

/** An authority without a key has no rollover of ours. */
function loaded(written: Written, context: FileContext): RolledOver<WithDefaults> {
  assertKeyOrIssuer(written);
  const { key, ...rest } = { ...written, crl: { ...written.crl, validity: written.crl.validity ?? LIST_VALIDITY } };
  return key === undefined ? rest : rolledOver({ ...rest, key }, context);
}

/**
 * One authority as the file describes it, after its rollovers. Paths are absolute, durations in milliseconds, keys URIs.
 */
export type AuthorityConfig = z.output<ReturnType<typeof afterRollovers>>;

/** The section: authorities by the names that endpoints use. */
export const authoritiesSection = (context: FileContext) =>
  mapOf(
    'The CAs that sign, each under a name for the endpoints.',
    '{ issuing: { certificate: certs/issuing-ca.pem, key: "file:certs/issuing-ca.key.pem" } }',
    afterRollovers(context),
  ).refine((all) => Object.keys(all).length > 0, 'no authority, so nothing could be signed');
