/** `openBao` of an issuer: a role of the PKI secrets engine of OpenBao or Vault, and how this server logs in. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { caAddress, clientIdentity } from './ca-address.ts';
import type { FileContext } from './references.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { secret, transformed, type ValueType } from './yaml/value-type.ts';
import { text } from './yaml/value-types.ts';

const EXAMPLE =
  '{ url: "https://bao.example.com:8200", role: openndes, appRole: { roleId: 0cca5cbd, secretId: "${env:BAO_SECRET}" } }';

const MOUNT = {
  ...text('pki'),
  schema: z.string().regex(/^[\w-]+(\/[\w-]+)*$/),
  type: 'a path of letters, digits, `-` and `_`',
};
const ROLE = {
  ...text('openndes'),
  schema: z.string().regex(/^[\w.-]*\w[\w.-]*$/),
  type: 'a name of letters, digits, `.`, `-` and `_`',
};

const appRole = section('A login as an AppRole.', '{ roleId: 0cca5cbd, secretId: "${env:BAO_SECRET}" }', {
  roleId: required(text('0cca5cbd-a2b2-4a3f-9d3d-4a1fd83a2e4a'), 'Its `role_id`.'),
  secretId: required(secret(text('"${env:BAO_SECRET}"')), 'Its `secret_id`, which must not end by being used.'),
  mount: defaulted(MOUNT, 'approle', 'Where the method is mounted, below `auth/`.'),
});

const certificateLogin = section('A login by `clientCertificate`.', '{ name: openndes }', {
  name: optional(ROLE, 'The role of the method; without it OpenBao looks for one that fits.'),
  mount: defaulted(MOUNT, 'cert', 'Where the method is mounted, below `auth/`.'),
});

const mapping = <T extends z.ZodType>(schema: T, example: string): ValueType<T> => ({
  schema,
  type: 'a mapping of keys',
  example,
  secret: false,
});

/** The value of the key: `address` of the client, and the settings of `openBaoBackend`. */
export const openBaoIssuer = (context: FileContext) => {
  const keys = section('OpenBao or Vault.', EXAMPLE, {
    ...caAddress(context, 'https://bao.example.com:8200'),
    ...clientIdentity(context),
    namespace: optional(text('team'), 'The namespace of the mount.', 'none'),
    mount: defaulted(MOUNT, 'pki', 'Where the PKI secrets engine is mounted.'),
    role: required(ROLE, 'The role after which certificates are made.'),
    appends: optional(
      text('O=Contoso'),
      'What the role appends to each subject, RFC 4514: its organization, ou, country and the like.',
      '`subject.append` of the profile',
    ),
    token: optional(
      secret(text('"${env:BAO_TOKEN}"')),
      'A token. Exactly one of `token`, `appRole` and `certificateLogin` is needed.',
    ),
    appRole: optional(
      mapping(appRole, '{ roleId: 0cca5cbd, secretId: "${env:BAO_SECRET}" }'),
      'A login as an AppRole, again before the token ends.',
    ),
    certificateLogin: optional(
      mapping(certificateLogin, '{}'),
      'A login by `clientCertificate`, again before the token ends.',
    ),
  });
  const schema = transformed(keys, (written) => {
    const { url, trustOnly, proxy, clientCertificate, clientKey, token, appRole, certificateLogin, ...settings } =
      written;
    if ((clientCertificate === undefined) !== (clientKey === undefined))
      throw new ConfigError('only one of `clientCertificate` and `clientKey`', 'Give both or none.');
    const identity =
      clientCertificate === undefined || clientKey === undefined
        ? undefined
        : { certificate: clientCertificate, key: clientKey };
    const login = loginOf({ token, appRole, certificateLogin, hasIdentity: identity !== undefined });
    return {
      address: { name: 'OpenBao', url, ...defined({ ca: trustOnly, proxy }) },
      ...defined({ identity }),
      settings: { ...settings, login },
    };
  });
  return { schema, type: 'a mapping of keys', example: EXAMPLE, secret: false } satisfies ValueType<typeof schema>;
};

type Written = {
  token: string | undefined;
  appRole: z.output<typeof appRole> | undefined;
  certificateLogin: z.output<typeof certificateLogin> | undefined;
  hasIdentity: boolean;
};

function loginOf({ token, appRole, certificateLogin, hasIdentity }: Written) {
  const logins = [
    ...(token === undefined ? [] : [{ kind: 'token', token } as const]),
    ...(appRole === undefined ? [] : [{ kind: 'appRole', ...appRole } as const]),
    ...(certificateLogin === undefined ? [] : [{ kind: 'certificate', ...certificateLogin } as const]),
  ];
  const [login, ...others] = logins;
  if (!login || others.length > 0)
    throw new ConfigError(
      login ? 'more than one login' : 'no login',
      'Give exactly one of `token`, `appRole` and `certificateLogin`.',
    );
  if (login.kind === 'certificate' && !hasIdentity)
    throw new ConfigError('`certificateLogin` without a certificate', 'Give `clientCertificate` and `clientKey`.');
  return login;
}
