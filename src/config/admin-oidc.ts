/** `admin.oidc`: login at a provider by OpenID Connect. */
import { z } from 'zod';
import { ROLES } from '../core/access.ts';
import { ConfigError } from '../core/errors.ts';
import { limits } from './admin-access.ts';
import { file, type FileContext } from './references.ts';
import { defaulted, item, mapOf, optional, required, section } from './yaml/table.ts';
import { secret, transformed, valueType } from './yaml/value-type.ts';
import { choice, either, guid, text } from './yaml/value-types.ts';

const EXAMPLE =
  '{ issuer: https://login.microsoftonline.com/TENANT/v2.0, clientId: GUID, clientSecret: "${file:oidc.secret}", roles: { Openndes.Admin: admin } }';
const LOOPBACK = /^(localhost|127\.|\[::1\])/;
/** Of many tenants at once: whose account it is could not be pinned. */
const SHARED = /^\/(common|organizations|consumers)(\/|$)/;

const issuer = valueType(
  transformed(z.string(), (text) => {
    const url = URL.parse(text);
    if (!url || url.search || url.hash || !['https:', 'http:'].includes(url.protocol)) return undefined;
    if (url.protocol === 'http:' && !LOOPBACK.test(url.host))
      throw new ConfigError('a provider on another machine without TLS', 'Give its https URL.');
    if (/^login\.(microsoftonline|partner\.microsoftonline)\./.test(url.host) && SHARED.test(url.pathname))
      throw new ConfigError(
        'an issuer of all tenants',
        'Give that of your tenant: `https://login.microsoftonline.com/TENANT-ID/v2.0`.',
      );
    return text;
  }),
  'the URL of an issuer',
  'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
);

const PERSON_ROLES = ROLES.filter((role) => role !== 'metrics');
const role = choice(...PERSON_ROLES);
const ROLE_NAME = /^[\w.:/ -]{1,120}$/;

const grant = () =>
  section('A role, limited to some places.', '{ role: operator, endpoints: [/scep/routers] }', {
    role: required(role, 'What people with this role may do: docs/access.md has a table.'),
    ...limits(),
  });

const keys = (context: FileContext) =>
  section('OpenID Connect.', EXAMPLE, {
    issuer: required(issuer, 'The issuer, as the ID token names it; its configuration is read from there.'),
    clientId: required(text('00000000-0000-0000-0000-000000000000'), 'The id of the app at the provider.'),
    clientSecret: optional(secret(text('"${file:oidc.secret}"')), 'The secret of the app.', 'none'),
    clientCertificate: optional(
      file(context, 'oidc.pem'),
      'The certificate of the app in place of a secret, PEM, as for Entra.',
      'none',
    ),
    clientKey: optional(file(context, 'oidc.key'), 'The key of the certificate, PEM, not encrypted.', 'none'),
    tenant: optional(guid, 'Entra: the id of the tenant, which the claim `tid` must have.', 'that of the issuer'),
    scope: defaulted(text('openid profile'), 'openid profile', 'What the provider is asked for.'),
    claim: defaulted(
      text('roles'),
      'roles',
      'The claim of the ID token with the roles. Dots lead into objects, such as `realm_access.roles`.',
    ),
    roles: required(
      valueType(
        mapOf(
          'Roles of the provider and what they mean here.',
          '{ Openndes.Admin: admin }',
          item(either(role, grant(), 'a mapping of keys')),
          ROLE_NAME,
        ),
        'a mapping of names',
        '{ Openndes.Admin: admin }',
      ),
      'Roles of the provider by their value (of Entra: app roles), and what they mean here. Who has none of them cannot log in.',
    ),
  });

/** The section, checked as a whole. */
export const oidc = (context: FileContext) => {
  const schema = transformed(keys(context), (oidc) => {
    const { clientSecret, clientCertificate, clientKey } = oidc;
    if ((clientSecret === undefined) === (clientCertificate === undefined))
      throw new ConfigError(
        'no credential of the app, or two',
        'Give `clientSecret`, or `clientCertificate` and `clientKey`.',
      );
    if ((clientCertificate === undefined) !== (clientKey === undefined))
      throw new ConfigError(
        'a certificate without its key, or a key alone',
        'Give `clientCertificate` and `clientKey`.',
      );
    return oidc;
  });
  return optional(
    valueType(schema, 'a mapping of keys', EXAMPLE),
    'People log in at a provider by OpenID Connect, such as Entra ID. The redirect URI to register there is `publicUrl` with `/admin/login/oidc/callback`.',
    'local users alone',
  );
};
