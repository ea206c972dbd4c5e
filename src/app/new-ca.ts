/** The CA that is to follow the one of an authority: made here, or given by the administrator. Nothing is written. */
import { type CaCertificate, readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { nextCaCertificate, nextName } from '../ca/next-ca-certificate.ts';
import { commonPeriod } from '../ca/validity.ts';
import { equalBytes } from '../core/bytes.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyKind, KeyProvider } from '../core/keys.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { generateKey, type KeyChoice, KEY_CHOICES } from '../keys/software.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { maySignCrl } from '../revocation/certificate-list.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readPrivateFile, readTrustedFile } from './files.ts';
import { type KeyPlace, keyRing } from './key-ring.ts';
import type { Authority } from './loaded-authority.ts';
import type { NewCa, RolledAuthority } from './rollover-files.ts';

/** Renewal with the key of before, or a new key. */
export type RolloverKind = 'same-key' | 'new-key';

/**
 * `given`: made elsewhere, with the certificates above it and the URI of a new key. Otherwise it is made here: `issuerKey` is the
 * key of the CA above, which a root does not need; `key`, `subject` (RFC 4514) and `validity` (milliseconds) are as before when absent.
 */
export type WantedCa = {
  kind: RolloverKind;
  given?: { certificate: string; chain?: string; key?: string };
  issuerKey?: Pick<KeyPlace, 'uri' | 'passphrase'>;
  key?: KeyChoice;
  subject?: string;
  validity?: number;
};

/** Throws ConfigError when it could not follow the present CA. */
export async function newCa(rolled: RolledAuthority, wanted: WantedCa): Promise<NewCa> {
  if (wanted.kind === 'new-key' && wanted.given && wanted.given.key === undefined)
    throw new ConfigError(
      `${wanted.given.certificate}: which key belongs to this certificate?`,
      'Name it with --certificate-key: a PEM file, or the URI of a key that is elsewhere.',
    );
  const ca = await (wanted.given ? givenCa(rolled, wanted.given) : madeCa(rolled, wanted));
  assertFollows(rolled.authority, ca.certificate, wanted.kind);
  return wanted.kind === 'same-key' ? withoutKey(ca) : { ...ca, list: nextList(rolled) };
}

const withoutKey = ({ certificate, chain }: NewCa): NewCa => ({ certificate, chain });

async function givenCa(
  { recorded, authority }: RolledAuthority,
  given: NonNullable<WantedCa['given']>,
): Promise<NewCa> {
  const [certificate] = certificatesFrom(
    readTrustedFile(given.certificate, 'the next CA certificate'),
    given.certificate,
  );
  const { notBefore } = readValidity(readCertificate(certificate));
  const at = new Date(Math.max(systemClock().getTime(), notBefore.getTime()));
  const ca = readCaCertificate(certificate, at);
  const above =
    given.chain === undefined
      ? authority.chain.slice(1)
      : certificatesFrom(readTrustedFile(given.chain, 'the certificates above the next CA'), given.chain);
  // A root that is given without a chain has none.
  const chain = sameName(ca.subject, ca.view.issuer) ? [] : readChain(ca, above, at).map(({ der }) => der);
  if (given.key === undefined) return { certificate, chain };
  await assertKeyOf(ca, { uri: given.key, ...defined({ passphrase: recorded.written.passphrase }) });
  return { certificate, chain, keyUri: given.key };
}

async function assertKeyOf(ca: CaCertificate, place: Pick<KeyPlace, 'uri' | 'passphrase'>): Promise<void> {
  const { view, text } = ca;
  await withKey({ ...place, what: 'the key of the next CA' }, async ({ spki }) => {
    if (!equalBytes(spki, view.spki))
      throw new ConfigError(`${text}: the key is not the key of this certificate`, 'Give the key that belongs to it.');
  });
}

async function withKey<T>(place: KeyPlace, work: (key: KeyProvider) => Promise<T>): Promise<T> {
  const ring = keyRing();
  try {
    return await work(await ring.open(place));
  } finally {
    await ring.close();
  }
}

async function madeCa(rolled: RolledAuthority, wanted: WantedCa): Promise<NewCa> {
  const { authority } = rolled;
  const { kind, issuerKey, validity } = wanted;
  if (kind === 'new-key') assertAsProtected(rolled, wanted.key);
  const [present = authority.certificate, ...chain] = authority.chain;
  const [issuer] = chain;
  const made = kind === 'new-key' ? generateKey(wanted.key ?? choiceFor(authority.key.kind)) : undefined;
  const plan = {
    present,
    key: made ?? authority.key,
    ...(made && { subject: wanted.subject ?? nextName(present) }),
    ...defined({ validity }),
    clock: systemClock,
    random: systemRandom,
  };
  if (!issuer) return { certificate: await nextCaCertificate({ ...plan, issuer: 'own' }), chain, ...keyOf(made) };
  if (!issuerKey)
    throw new ConfigError(
      `the key of ${nameText(readCertificate(issuer).subject)} must sign the next CA certificate`,
      'Give it with --issuer-key, or have that CA sign elsewhere and give the certificate with --certificate.',
    );
  const end = commonPeriod(chain.map((der) => readValidity(readCertificate(der)))).notAfter;
  const place = { ...issuerKey, what: 'the key of the CA above' };
  const certificate = await withKey(place, (key) =>
    nextCaCertificate({ ...plan, issuer: { certificate: issuer, key }, end }),
  );
  return { certificate, chain, ...keyOf(made) };
}

/** A new key in a file must not take the place of one in a token, or of one whose passphrase is typed in, unless that is chosen. */
function assertAsProtected({ authority, key, recorded }: RolledAuthority, chosen: KeyChoice | undefined): void {
  if (!authority.key.inProcess && chosen === undefined)
    throw new ConfigError(
      `the present key is elsewhere (${key.slice(0, key.indexOf(':'))}), and a new one would be in a file`,
      'Make a key there and its request with `openndes ca csr --key-uri`, and give the certificate with --certificate and the key with --certificate-key. Or choose a file: --key.',
    );
  if (authority.key.inProcess && recorded.written.passphrase === undefined && isEncrypted(key))
    throw new ConfigError(
      'the passphrase of the present key is typed in, and a new key would be written without one',
      'Configure `passphrase`, or make the key with `openndes ca csr --passphrase-env` and give it with --certificate and --certificate-key.',
    );
}

const isEncrypted = (uri: string): boolean =>
  uri.startsWith('file:') &&
  readPrivateFile(uri.slice('file:'.length), 'the key of the issuing CA').toString().includes('ENCRYPTED');

const keyOf = (key: NewCa['key']): Pick<NewCa, 'key'> => (key ? { key } : {});

/** The same kind of key, as far as one can be made here. */
function choiceFor({ type, bits }: KeyKind): KeyChoice {
  const name = type === 'rsa' ? `rsa-${bits}` : type === 'ec' ? `p${bits}` : type;
  return KEY_CHOICES.find((each) => each === name) ?? (type === 'rsa' ? 'rsa-4096' : 'p384');
}

/** By name and key a verifier tells two CAs apart, and what each of them signed. */
function assertFollows({ certificate: present }: Authority, certificate: Uint8Array, kind: RolloverKind): void {
  const [before, after] = [readCertificate(present), readCertificate(certificate)];
  const text = nameText(after.subject);
  const [isSameName, isSameKey] = [sameName(before.subject, after.subject), equalBytes(before.spki, after.spki)];
  if (equalBytes(present, certificate))
    throw new ConfigError(`${text}: this is the present CA certificate`, 'Give the next one.');
  if (kind === 'same-key' && !(isSameName && isSameKey))
    throw new ConfigError(
      `${text}: ${isSameKey ? `not the name of the present CA, ${nameText(before.subject)}` : 'not the key of the present CA'}`,
      'A certificate that is renewed keeps both. Use --new-key for another CA.',
    );
  if (kind === 'new-key' && isSameKey)
    throw new ConfigError(`${text}: it has the key of the present CA`, 'Use --same-key to renew its certificate.');
  if (kind === 'new-key' && isSameName)
    throw new ConfigError(
      `${text}: it has the name of the present CA, by which many verifiers choose a revocation list`,
      'Give the CA with the new key another name.',
    );
  if (maySignCrl(before) && !maySignCrl(after))
    throw new ConfigError(`${text}: this CA may not sign revocation lists`, 'Its keyUsage must have cRLSign.');
}

/** `issuing-g2`, or the next number that no list has. */
function nextList({ name, lists }: RolledAuthority): string {
  for (let number = 2; ; number++) if (!lists.includes(`${name}-g${number}`)) return `${name}-g${number}`;
}
