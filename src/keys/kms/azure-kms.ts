/** Keys in Azure Key Vault and Managed HSM, over REST. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';
import type { KeyTransport, SignatureInput } from '../../core/keys.ts';
import { digestFor } from '../../pkix/signature.ts';
import { readKeyKind } from '../../pkix/public-key.ts';
import { ecdsaSignature } from '../ecdsa-signature.ts';
import { givenDigest, hashed } from '../hashed.ts';
import { assertKnown, type KeyUri } from '../key-uri.ts';
import type { RemoteSigner } from '../remote-key.ts';
import { assertSafeUrl } from './safe-url.ts';
import { objectOf, type KmsCall, type KmsReply, kmsFault, textOf } from './kms-call.ts';

/** `url`: of the key, with its version where one is written. `resource`: for which tokens are asked. */
export type AzureKeyUri = { url: URL; resource: string };

/** Domains of the vaults and HSMs of each cloud: nothing else gets a token without being told. */
const RESOURCES: readonly (readonly [suffix: string, resource: string])[] = [
  ['.vault.azure.net', 'https://vault.azure.net'],
  ['.managedhsm.azure.net', 'https://managedhsm.azure.net'],
  ['.vault.usgovcloudapi.net', 'https://vault.usgovcloudapi.net'],
  ['.managedhsm.usgovcloudapi.net', 'https://managedhsm.usgovcloudapi.net'],
  ['.vault.azure.cn', 'https://vault.azure.cn'],
  ['.managedhsm.azure.cn', 'https://managedhsm.azure.cn'],
];
const FORM =
  'Write it like `azurekms:https://contoso.vault.azure.net/keys/issuing-ca/0f9c3b7e11112222333344445555666a`.';

/** `azurekms:https://VAULT/keys/NAME/VERSION`; without the version, the newest one when the key is opened. Throws ConfigError. */
export function readAzureKeyUri({ path, query }: KeyUri): AzureKeyUri {
  assertKnown(query, ['resource'], 'azurekms');
  const url = assertSafeUrl(path, 'an `azurekms:` key');
  if (!/^\/keys\/[\w-]+(\/[\w-]+)?$/.test(url.pathname))
    throw new ConfigError('an `azurekms:` key that is no key of a vault', FORM);
  const known = RESOURCES.find(([suffix]) => url.hostname.endsWith(suffix))?.[1];
  const resource = query.get('resource') ?? known;
  if (resource === undefined)
    throw new ConfigError(
      'an `azurekms:` key at a host that is no vault and no HSM of Azure',
      `${FORM} For another cloud name the resource of its tokens: \`resource=https://vault.azure.net\`.`,
    );
  return { url, resource: assertSafeUrl(resource, '`resource` of an `azurekms:` key').origin };
}

const VERSION = '?api-version=7.4';

/** Asks for the public key; signs with the version that it has now. Throws IssuerError, and ConfigError for a key that does not sign. */
export async function azureSigner({ url }: AzureKeyUri, call: KmsCall, signal: AbortSignal): Promise<RemoteSigner> {
  const ask = (order: Parameters<KmsCall>[0], within: AbortSignal) => call(order, within);
  const found = await ask({ method: 'GET', url: url.href + VERSION }, signal);
  if (found.status !== 200) throw faultOf(found);
  const jwk = objectOf(found.body, 'key');
  const id = URL.parse(textOf(jwk, 'kid'));
  if (id?.origin !== url.origin || !id.pathname.startsWith(url.pathname)) throw new ConfigError(NO_KEY, FORM);
  const spki = spkiOf(jwk);
  const { type, bits } = readKeyKind(spki);
  const operations = (jwk as { key_ops?: unknown }).key_ops;
  const can = (name: string): boolean => Array.isArray(operations) && operations.includes(name);
  if (!can('sign') && !can('decrypt')) throw new ConfigError('an Azure key that neither signs nor decrypts', FORM);

  const order = (name: string, alg: string, octets: Uint8Array, within: AbortSignal): Promise<KmsReply> =>
    ask({ method: 'POST', url: id.href + `/${name}` + VERSION, body: { alg, value: base64url(octets) } }, within);
  const valueIn = (reply: KmsReply): Buffer => {
    if (reply.status === 200 && textOf(reply.body, 'kid') === id.href)
      return Buffer.from(textOf(reply.body, 'value'), 'base64url');
    throw faultOf(reply);
  };
  return {
    spki,
    async sign(input, within) {
      const digest = givenDigest(input);
      const octets = hashed(input.data, digest);
      const raw = valueIn(await order('sign', algorithmOf(type, bits, input), octets, within));
      return type === 'ec' ? ecdsaSignature(raw) : raw;
    },
    ...(type === 'rsa' &&
      can('decrypt') && {
        async decrypt(ciphertext, transport, within) {
          const reply = await order('decrypt', decryptionOf(transport), ciphertext, within);
          // A wrong padding: no octets, as KeyProvider demands.
          return reply.status === 400 ? new Uint8Array() : valueIn(reply);
        },
      }),
  };
}

const NO_KEY = 'the answer of the vault is about another key';

const base64url = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url');

/** Throws ConfigError for a key of another kind. The kinds with `-HSM` are the same keys in hardware. */
function spkiOf(jwk: object | undefined): Uint8Array {
  try {
    const key: JsonWebKey = { ...jwk, kty: textOf(jwk, 'kty').replace(/-HSM$/, '') };
    return createPublicKey({ key, format: 'jwk' }).export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ConfigError('an Azure key that is neither RSA nor EC', 'Make an RSA or EC key.', { cause });
  }
}

/** RFC 7518 3.1. Throws TypeError for what the key does not sign. */
function algorithmOf(type: string, bits: number, input: SignatureInput): string {
  const digest = givenDigest(input);
  const size = digest.slice(3);
  if (!['256', '384', '512'].includes(size) || (type === 'ec' && digest !== digestFor({ type, bits })))
    throw new TypeError(`the Azure key does not sign with ${digest}`);
  return `${type === 'ec' ? 'ES' : input.scheme === 'pss' ? 'PS' : 'RS'}${size}`;
}

/** Throws TypeError for what no vault decrypts. */
function decryptionOf(transport: KeyTransport): string {
  if (transport.scheme === 'pkcs1') return 'RSA1_5';
  const name = transport.hash === transport.mgf1Hash && OAEP.get(transport.hash);
  if (!name) throw new TypeError(`an Azure key does not decrypt OAEP with ${transport.hash}`);
  return name;
}
const OAEP = new Map<string, string>([
  ['sha1', 'RSA-OAEP'],
  ['sha256', 'RSA-OAEP-256'],
]);

/** The code and the words of the vault. A key that is disabled has the status of a missing right. */
function faultOf(reply: KmsReply) {
  const error = objectOf(reply.body, 'error');
  const codes = [textOf(error, 'code'), textOf(objectOf(error, 'innererror'), 'code')].filter(Boolean);
  const said = [codes.join(' '), textOf(error, 'message')].filter(Boolean).join(': ');
  const disabled = codes.some((code) => /^Key(Disabled|Expired|NotYetValid)$/.test(code));
  return kmsFault('Azure Key Vault', reply, said, disabled ? 'misconfigured' : undefined);
}
