/** The identity by which keys at Google are used: a service account from a file, or that of this machine. */
import { createPrivateKey, sign } from 'node:crypto';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import type { FetchToken, NewToken } from '../intune/kept-tokens.ts';
import { field, parseObject } from '../outbound/untrusted-json.ts';
import { keyFault } from '../keys/key-fault.ts';
import { assertSafeUrl } from '../keys/kms/safe-url.ts';
import { textOf } from '../keys/kms/kms-call.ts';
import type { OutboundExchange, OutboundReply } from '../outbound/https-client.ts';
import { readPrivateFile } from './files.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SCOPE = 'https://www.googleapis.com/auth/cloudkms';
/** Octets of an answer. */
const LIMIT = 65_536;

/** What asks for tokens. Throws ConfigError when the file of GOOGLE_APPLICATION_CREDENTIALS cannot be used. */
export function googleCredential(exchange: OutboundExchange, env: Env = process.env): FetchToken {
  const file = env['GOOGLE_APPLICATION_CREDENTIALS'];
  if (file) return accountToken(readAccount(file), exchange);
  const host = env['GCE_METADATA_HOST'] ?? 'metadata.google.internal';
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
  const headers = { 'metadata-flavor': 'Google' };
  return async (signal) => tokenIn(await exchange({ method: 'GET', url, headers, limit: LIMIT }, signal));
}

type Account = { email: string; key: ReturnType<typeof createPrivateKey>; keyId: string; endpoint: string };

function readAccount(file: string): Account {
  const account = parseObject(readPrivateFile(file, 'the service account of Google').toString());
  const kind = textOf(account, 'type');
  if (kind !== 'service_account')
    throw new ConfigError(
      `${file}: credentials of ${/^\w{1,40}$/.test(kind) ? `the type ${kind}` : 'no type'}, and not a service account`,
      'Use a key of a service account, or unset GOOGLE_APPLICATION_CREDENTIALS for the service account of this machine.',
    );
  const endpoint = assertSafeUrl(textOf(account, 'token_uri'), `${file}: \`token_uri\``).href;
  return {
    email: textOf(account, 'client_email'),
    key: keyIn(account, file),
    keyId: textOf(account, 'private_key_id'),
    endpoint,
  };
}

function keyIn(account: object | undefined, file: string): Account['key'] {
  try {
    return createPrivateKey(textOf(account, 'private_key'));
  } catch {
    // No cause: it could have a part of the key.
    throw new ConfigError(`${file}: no private key in it`, 'Download a key of the service account again.');
  }
}

/** RFC 7523 2.1: a JWT that the service account signed, for a token. */
const accountToken =
  ({ email, key, keyId, endpoint }: Account, exchange: OutboundExchange): FetchToken =>
  async (signal) => {
    const now = Math.floor(systemClock().getTime() / 1000);
    const claims = { iss: email, scope: SCOPE, aud: endpoint, iat: now, exp: now + 3600 };
    const text = [{ alg: 'RS256', typ: 'JWT', kid: keyId }, claims].map(encoded).join('.');
    const assertion = `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return tokenIn(
      await exchange({ method: 'POST', url: endpoint, headers, body: body.toString(), limit: LIMIT }, signal),
    );
  };

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** RFC 6749 5.1. */
function tokenIn({ status, text }: OutboundReply): NewToken {
  const body = parseObject(text);
  const token = textOf(body, 'access_token');
  const life = Number(field(body, 'expires_in'));
  if (status === 200 && token !== '') return { token, livesMs: (life || 0) * 1000 };
  const said = /^[\w ]{1,60}$/.exec(textOf(body, 'error'))?.[0];
  throw keyFault('unauthorised', `Google gave no token: HTTP ${status}${said ? `, ${said}` : ''}`);
}
