/** `endpoints`: the SCEP URLs, each with its authority, profile, policy and settings. */
import { z } from 'zod';
import { LEGACY } from '../cms/algorithms.ts';
import { ConfigError } from '../core/errors.ts';
import { NDES_PATH } from '../core/ndes-path.ts';
import { canonicalPath } from '../http/paths.ts';
import type { AuthorityConfig } from './authorities.ts';
import { policy } from './policies.ts';
import type { PolicyContext } from './policy-kinds.ts';
import type { ProfileConfig } from './profiles.ts';
import { type Definitions, file, type FileContext, fileOrUrl, type Reference, referenceTo } from './references.ts';
import { defaulted, item, listOf, optional, required, section } from './yaml/table.ts';
import { transformed, type ValueType, valueType } from './yaml/value-type.ts';
import { choice, duration, either, flag, valueList } from './yaml/value-types.ts';

/** What an endpoint may refer to. */
export type EndpointReferences = PolicyContext & {
  authorities: Definitions<AuthorityConfig>;
  profiles: Definitions<ProfileConfig>;
};

const TAKEN = ['/healthz', '/readyz', '/crl', '/pfx'];

const path = valueType(
  transformed(z.string(), (path) => {
    if (!/^(\/[\w.~-]+)+\/?$/.test(path)) return undefined;
    const canonical = canonicalPath(path);
    if (TAKEN.some((taken) => canonical === taken || canonical.startsWith(`${taken}/`)))
      throw new ConfigError(
        'that path belongs to the health checks, revocation lists and links',
        `Write another, for example ${NDES_PATH}.`,
      );
    if (canonical.endsWith('/mscep_admin'))
      throw new ConfigError('that path belongs to the administrator page', `Write another, for example ${NDES_PATH}.`);
    return canonical === '/' ? undefined : path;
  }),
  'a path: `/`, then letters, digits and `.`, `_`, `~`, `-`, `/`',
  NDES_PATH,
);

const name = valueType(
  z.string().regex(/^[\w.~/-]+$/),
  'a name of letters, digits and `.`, `_`, `~`, `-`, `/`',
  'wifi',
);

/** A reference that may be left out when the section defines only one. */
function onlyOr<T>(value: ValueType<z.ZodType<T, unknown>>, names: readonly string[], description: string) {
  const [only, ...others] = names;
  return only === undefined || others.length > 0
    ? required({ ...value, example: only ?? 'NAME' }, description)
    : defaulted(value, only, description, 'the only one');
}

const signingTime = section('A window.', '{ past: 24h, future: 1h }', {
  past: defaulted(duration('24h'), '24h', 'How far the signing time of a message may lie in the past.'),
  future: defaulted(duration('1h'), '1h', 'How far it may lie in the future.'),
});

/** `403` is a number in YAML, and text when it comes from an environment variable. */
const landing = valueType(
  transformed(z.union([z.string(), z.number()]), (value) =>
    (['page', '403'] as const).find((word) => word === String(value)),
  ),
  '`page` or `403`',
  'page',
);

const earlierCa = (context: FileContext) =>
  section('An earlier CA.', '{ certificate: certs/ndes-ca.pem, crl: http://pki.example.com/ndes-ca.crl }', {
    certificate: required(file(context, 'certs/ndes-ca.pem'), 'Its certificate, PEM or DER. Its key is not needed.'),
    crl: optional(
      fileOrUrl(context, 'http://pki.example.com/ndes-ca.crl'),
      'Its revocation list, DER or PEM, at most 16 MB. It is read again after ten minutes and used until its nextUpdate. A revoked certificate, and every certificate while there is no valid list, renews nothing: the policy decides, and the log warns.',
      'what the CA revoked is not known',
    ),
  });

const renewal = (context: FileContext) =>
  section('Renewals from an earlier CA.', '{ from: [certs/ndes-ca.pem] }', {
    from: required(
      {
        schema: z
          .array(item(either(file(context, 'certs/ndes-ca.pem'), earlierCa(context), 'a mapping of keys')))
          .refine((all) => all.length > 0, 'no CA in it'),
        type: 'a list of CA certificates: each the path of a file, or a mapping of keys',
        example: '[certs/ndes-ca.pem]',
        secret: false,
      },
      'CAs that issued the certificates of the devices before this server, such as the one behind NDES. Every certificate that such a CA signed may renew here like one of this endpoint; limit the names with `profiles.NAME.names` if it certifies others than devices.',
    ),
  });

const usageProfiles = ({ profiles }: EndpointReferences) =>
  section('A profile for each usage.', '{ signature: a, encryption: b, generalPurpose: c }', {
    signature: required(referenceTo('profile', profiles), 'For requests whose key usage only signs.'),
    encryption: required(
      referenceTo('profile', profiles),
      'For requests whose key usage only encrypts: keyEncipherment, dataEncipherment or keyAgreement.',
    ),
    generalPurpose: required(
      referenceTo('profile', profiles),
      'For requests whose key usage does both, and for those without a key usage.',
    ),
  });

const keys = (context: EndpointReferences) =>
  section('A SCEP URL.', '{ policy: { static: "${env:LAB_CHALLENGE}" } }', {
    path: defaulted(
      path,
      NDES_PATH,
      'The path of the URL. Letter case, slashes at the end and what clients append make no difference.',
    ),
    name: optional(
      name,
      'What the store, notifications and the log call the endpoint. When you change `path`, write the old path here: renewals, polls and repeated requests then still find their records.',
      '`path` as written',
    ),
    authority: onlyOr(referenceTo('authority', context.authorities), context.authorities.names, 'Who signs.'),
    profile: onlyOr(
      either(referenceTo('profile', context.profiles), usageProfiles(context), 'a mapping of keys'),
      context.profiles.names,
      'What the certificates are. With the three keys below, the key usage that a request names chooses the profile, as with the three templates of NDES.',
    ),
    policy: required(policy(context), 'Who decides: exactly one of the policies below.'),
    approval: optional(
      choice('manual'),
      '`manual`: what the policy allows waits for `openndes certs approve`. Renewals do not wait.',
      'no approval is needed',
    ),
    renewal: defaulted(
      either(flag, renewal(context), 'a mapping of keys'),
      true,
      'Whether a valid certificate of this endpoint authorizes its own renewal, without a challenge. With `from`, certificates of an earlier CA do too. Intune and webhooks decide about renewals too.',
    ),
    adminPage: optional(
      choice('public'),
      'With the policy `oneTime`. `public`: its administrator page is on the public listener too, behind the passwords of `admin.users`. It is at `/certsrv/mscep_admin/` for the path of NDES, and at `mscep_admin/` below any other.',
      'only on the listener of `admin`',
    ),
    legacy: defaulted(
      valueList(choice(...LEGACY), '[sha1, des3]'),
      [],
      'Weak algorithms to accept from old devices. MD5 and RC2 are never accepted. `null-wrap` is not weak: it is the form of replies to EC keys that BouncyCastle for .NET reads.',
      'none',
    ),
    kem: optional(
      choice('ml-kem-768'),
      'A second RA certificate, with an ML-KEM key, for clients that encrypt by KEMRecipientInfo (docs/post-quantum.md). It is made beside the CA and renewed like `ra: auto`. A client that encrypts to every certificate of GetCACert must know ML-KEM.',
      'none',
    ),
    emptyContent: optional(
      choice('absent'),
      '`absent`: FAILURE and PENDING have no content, for clients on cryptlib. certmonger and clients on OpenSSL cannot verify such replies.',
      'one octet, 0x00, as NDES sends it',
    ),
    requireSignerKeyMatch: defaulted(
      flag,
      false,
      'Refuse requests that are signed with another key than the requested one. Windows always signs with another.',
    ),
    signingTime: defaulted(
      either(choice('off'), signingTime, 'a window'),
      {},
      'How far the clock of a client may be wrong, if its messages have a signing time; `off` for devices without a clock.',
      '{ past: 24h, future: 1h }',
    ),
    retention: defaulted(
      duration('24h'),
      '24h',
      'How long the same request, sent again, is answered with the same certificate.',
    ),
    landing: defaulted(
      landing,
      'page',
      'What a browser gets at the URL: a page that says that it works and which CA certificate a profile must name, or 403 as Microsoft’s guide expects of NDES.',
    ),
  });

/** One endpoint, its references resolved. */
export const endpointSchema = (context: EndpointReferences) =>
  transformed(keys(context), ({ renewal, profile, ...endpoint }) => ({
    ...endpoint,
    ...profilesOf(profile),
    name: endpoint.name ?? endpoint.path,
    renewal: renewal !== false,
    earlierCas: typeof renewal === 'object' ? renewal.from.map(asMapping) : [],
  }));

type ByUsage<T> = { signature: T; encryption: T };

/** `profile` is the one for general purposes. */
function profilesOf(
  named: Reference<ProfileConfig> | (ByUsage<Reference<ProfileConfig>> & { generalPurpose: Reference<ProfileConfig> }),
): { profile: Reference<ProfileConfig>; byUsage?: ByUsage<Reference<ProfileConfig>> } {
  if (!('signature' in named)) return { profile: named };
  const { generalPurpose, ...byUsage } = named;
  return { profile: generalPurpose, byUsage };
}

/** A path stands for a CA without a revocation list. */
const asMapping = (ca: string | EarlierCaConfig): EarlierCaConfig =>
  typeof ca === 'string' ? { certificate: ca } : ca;

/** An earlier CA: the path of its certificate, and where its list is. */
export type EarlierCaConfig = z.output<ReturnType<typeof earlierCa>>;

/** One endpoint as the server takes it. Durations are in milliseconds. */
export type EndpointConfig = z.output<ReturnType<typeof endpointSchema>>;

/** The section, with the schema of its entries. */
export const endpointsSection = <T extends z.ZodType>(endpoint: T) =>
  listOf('The SCEP URLs, one entry for each.', '[{ policy: { static: "${env:LAB_CHALLENGE}" } }]', endpoint).refine(
    (all) => all.length > 0,
    'no endpoint, so nothing would be served',
  );
