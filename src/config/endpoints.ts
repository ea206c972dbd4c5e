/** `endpoints`: the SCEP URLs, each with the authority, the profile and the policy that stand behind it. */
import { z } from 'zod';
import { LEGACY } from '../cms/algorithms.ts';
import { ConfigError } from '../core/errors.ts';
import { canonicalPath } from '../http/paths.ts';
import { transformed } from './yaml/value-type.ts';
import { choice, duration, either, flag, listOf } from './yaml/value-types.ts';
import { type ConfigContext, nameIn, type NamedSection } from './references.ts';
import { policySchema } from './policies.ts';
import { defaulted, many, optional, required, section } from './yaml/table.ts';

const NDES_PATH = '/certsrv/mscep/mscep.dll';
const TAKEN = ['/healthz', '/readyz', '/crl'];

const path = {
  schema: transformed(z.string(), (path) => {
    if (!/^(\/[\w.~-]+)+\/?$/.test(path)) return undefined;
    const canonical = canonicalPath(path);
    if (TAKEN.some((taken) => canonical === taken || canonical.startsWith(`${taken}/`)))
      throw new ConfigError(
        'that path is taken by the health checks and revocation lists',
        `Write another, for example ${NDES_PATH}.`,
      );
    if (canonical.endsWith('/mscep_admin'))
      throw new ConfigError('that path is taken by the administrator page', `Write another, for example ${NDES_PATH}.`);
    return canonical === '/' ? undefined : path;
  }),
  type: 'a path that begins with `/` and goes on with letters, digits and `.`, `_`, `~`, `-`, `/`',
  example: NDES_PATH,
  secret: false,
};

/** What there is only one of need not be named. */
function nameOf(section: NamedSection, context: ConfigContext, words: string) {
  const [only, ...others] = context.names[section];
  const kind = nameIn(section, context);
  const shown = 'the only one';
  return only === undefined || others.length > 0
    ? required({ ...kind, example: only ?? 'NAME' }, words)
    : defaulted(kind, only, words, shown);
}

const signingTime = section('A window.', '{ past: 24h, future: 1h }', {
  past: defaulted(duration('24h'), '24h', 'How far the signing time of a message may lie in the past.'),
  future: defaulted(duration('1h'), '1h', 'How far it may lie in the future.'),
});

/** `403` is a number in YAML, and text where it comes out of the environment. */
const landing = {
  schema: transformed(z.union([z.string(), z.number()]), (value) =>
    (['page', '403'] as const).find((word) => word === String(value)),
  ),
  type: '`page` or `403`',
  example: 'page',
  secret: false,
};

/** One endpoint. */
export const endpointSchema = (context: ConfigContext) =>
  section('A SCEP URL.', '{ policy: { static: "${env:LAB_CHALLENGE}" } }', {
    path: defaulted(
      path,
      NDES_PATH,
      'The path of the URL. Letter case, slashes at the end and what clients append do not matter.',
    ),
    authority: nameOf('authorities', context, 'Who signs.'),
    profile: nameOf('profiles', context, 'What the certificates are.'),
    policy: required(
      {
        schema: policySchema(context),
        type: 'a mapping of keys',
        example: '{ static: "${env:LAB_CHALLENGE}" }',
        secret: false,
      },
      'Who decides: exactly one of the policies below.',
    ),
    approval: optional(
      choice('manual'),
      '`manual`: what the policy allows waits until somebody says `openndes certs approve`. Renewals do not wait.',
      'nobody is asked',
    ),
    renewal: defaulted(
      flag,
      true,
      'Whether a live certificate of this endpoint is permission to renew itself, without a challenge. Intune and webhooks decide about renewals too.',
    ),
    adminPage: optional(
      choice('public'),
      'With the policy `oneTime`. `public`: its administrator page is on the public listener too, behind the passwords of `admin.users`. It is at `/certsrv/mscep_admin/` for the path of NDES, and at `mscep_admin/` below any other.',
      'on the listener of `admin` alone',
    ),
    legacy: defaulted(
      listOf(choice(...LEGACY), '[sha1, des3]'),
      [],
      'Weak algorithms to accept from old devices. MD5 and RC2 are never accepted.',
      'none',
    ),
    requireSignerKeyMatch: defaulted(
      flag,
      false,
      'Refuse requests that are signed with another key than the requested one. Windows always signs with another.',
    ),
    signingTime: defaulted(
      either(choice('off'), signingTime, 'a window'),
      {},
      'How far the clock of a client may be wrong, if its messages say the time at all; `off` for devices without a clock.',
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

/** The section. */
export const endpointsSection = (context: ConfigContext) =>
  many(
    'The SCEP URLs, one entry for each.',
    '[{ policy: { static: "${env:LAB_CHALLENGE}" } }]',
    endpointSchema(context),
  ).refine((all) => all.length > 0, 'no endpoint, so nothing would be served');
