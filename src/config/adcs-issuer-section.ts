/** `adcs` of an issuer: an enterprise CA of Windows through a web service. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { caAddress } from './ca-address.ts';
import { optionalClientFiles } from './ca-identity-keys.ts';
import { commandRevoker } from './command-issuer-section.ts';
import { kerberosLogin } from './kerberos-keys.ts';
import type { FileContext } from './references.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { secret, transformed, type ValueType } from './yaml/value-type.ts';
import { choice, flag, text, url } from './yaml/value-types.ts';

const EXAMPLE =
  '{ url: https://ca1.example.com/Example_CES_UsernamePassword/service.svc/CES, template: OpenNDESDevice, user: "EXAMPLE\\\\svc-openndes", password: "${env:ADCS_PASSWORD}" }';

const TEMPLATE = {
  ...text('OpenNDESDevice'),
  schema: z.string().regex(/^[\w.() -]{1,64}$/),
  type: 'a name of letters, digits, spaces and `_`, `.`, `-`, `(`, `)`',
};

/** The value of the key. `login`: absent where a client certificate or `kerberos` is the login. */
export const adcsIssuer = (context: FileContext) => {
  const keys = section('AD CS.', EXAMPLE, {
    ...caAddress(context, 'https://ca1.example.com/Example_CES_UsernamePassword/service.svc/CES'),
    via: defaulted(
      choice('ces', 'certsrv'),
      'ces',
      'By what the CA is asked. `ces`: its enrolment web service. `certsrv`: its web pages, with `url` such as `https://ca1.example.com/certsrv`.',
    ),
    template: required(TEMPLATE, 'The name of the certificate template, not its display name.'),
    user: optional(
      text('EXAMPLE\\svc-openndes'),
      'The account that enrols, as `DOMAIN\\name` or `name@domain`. Needs `password`. One login is needed: an account, a client certificate, or `kerberos`.',
    ),
    password: optional(secret(text('"${env:ADCS_PASSWORD}"')), 'Its password.'),
    ...optionalClientFiles(context, 'A client certificate that Active Directory maps to the account'),
    policyUrl: optional(
      url(['https'], 'https://ca1.example.com/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP'),
      'With `via: ces`: the Certificate Enrollment Policy Web Service (CEP), with the same login: the template is looked at there, before the first order and once a minute.',
      'the template is not looked at',
    ),
    kerberos: optional(
      kerberosLogin,
      'A login with tickets of Kerberos. Needs the npm package `kerberos`, and `KRB5_CLIENT_KTNAME` or `KRB5CCNAME` in the environment.',
      'none',
    ),
    request: optional(
      choice('cmc', 'pkcs10'),
      'With `via: ces`: how the request of a device is sent, which nobody can change. `cmc`: inside CMC without a signature, with the name of the template and the end of the certificate. `pkcs10`: as it is, with the name of the template beside it.',
      '`cmc`',
    ),
    revoker: optional(
      commandRevoker(context),
      'A program that revokes at the CA, because neither web service nor web pages can: the keys of `command`, such as those of the helper ([adcs.md](adcs.md)).',
      'each revocation is owed: it stays open, and is reported',
    ),
    expirationDate: optional(
      flag,
      'Whether an order names the end of the certificate. The CA heeds it with `EDITF_ATTRIBUTEENDDATE` only. Without it the template decides, and `validity` and `maxValidity` of the profile must be the same.',
      '`true`, but `false` with `request: pkcs10`',
    ),
  });
  const schema = transformed(keys, ({ user, password, request, expirationDate = request !== 'pkcs10', ...rest }) => {
    const { clientCertificate, clientKey, kerberos, via } = rest;
    assertBoth('user', user, 'password', password);
    assertBoth('clientCertificate', clientCertificate, 'clientKey', clientKey);
    assertOneLogin([user, clientCertificate, kerberos]);
    if (via === 'certsrv' && request !== undefined)
      throw new ConfigError('`request` needs `via: ces`', 'Remove it: the web pages take bare requests only.');
    if (via === 'certsrv' && rest.policyUrl !== undefined)
      throw new ConfigError('`policyUrl` needs `via: ces`', 'Remove it: the web pages have another login.');
    if (rest.revoker && !rest.revoker.operations.includes('revoke'))
      throw new ConfigError('`revoker` that cannot revoke', 'Write `operations: [revoke]`, or leave them out.');
    if (request === 'pkcs10' && expirationDate)
      throw new ConfigError('`expirationDate` needs `request: cmc`', 'A bare request has no room for it.');
    const login = user !== undefined && password !== undefined && { login: { user, password } };
    return { ...rest, ...login, request: request ?? 'cmc', expirationDate } as const;
  });
  return { schema, type: 'a mapping of keys', example: EXAMPLE, secret: false } satisfies ValueType<typeof schema>;
};

function assertOneLogin(logins: readonly unknown[]): void {
  const given = logins.filter((login) => login !== undefined).length;
  if (given !== 1)
    throw new ConfigError(
      given === 0 ? 'no login' : 'several logins',
      'Give one of `user` and `password`, `clientCertificate` and `clientKey`, and `kerberos`. With CES, the end of the URL says which.',
    );
}

function assertBoth(one: string, value: string | undefined, other: string, beside: string | undefined): void {
  if ((value === undefined) !== (beside === undefined))
    throw new ConfigError(`only one of \`${one}\` and \`${other}\``, 'Give both or none.');
}
