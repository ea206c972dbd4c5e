/** An authority of the test PKI, requests with any content, and three independent readers of certificates. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pkijs from 'pkijs';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, oid, sequence, setOf, smallInteger } from '../../src/asn1/writer.ts';
import { type LocalAuthority, localAuthority } from '../../src/ca/local-authority.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { CertificationRequest, Extension } from '../../src/core/request.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { writeExtension } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { signStructure } from '../../src/pkix/signature.ts';
import { ecKey, newRsaKey } from '../kit/keys.ts';
import { kept } from '../kit/kept-certificates.ts';
import { clock as standing, issuing, NOW, random, root } from '../kit/pki.ts';
import { withoutOpenssl } from '../pkix/openssl.ts';

export { DAY, issuing, NOW, root, wanted, YEAR } from '../kit/pki.ts';

export const deviceKey = ecKey('device');
export const rsaKey = newRsaKey();

/** An authority of this PKI. `profile` overrides parts of the default profile. */
export const authority = (profile: Partial<Profile> = {}, clock = standing): LocalAuthority =>
  localAuthority({
    certificate: issuing.certificate,
    chain: [root.certificate],
    key: issuing.key,
    profile: { ...DEFAULT_PROFILE, ...profile },
    clock,
    random,
  });

export type Asked = {
  /** RFC 4514, or a Name as DER. */
  subject?: string | Uint8Array;
  key?: KeyProvider;
  extensions?: readonly Extension[];
  /** Whole attributes, DER, in addition to the extensionRequest. */
  attributes?: readonly Uint8Array[];
};

/** A request, DER, signed with its own key. */
export async function requestDer({ subject = 'CN=device', key = deviceKey, extensions = [], attributes = [] }: Asked) {
  const name = typeof subject === 'string' ? nameFromText(subject) : subject;
  const list = extensions.length
    ? [sequence(oid(OID.extensionRequest), setOf(sequence(...extensions.map(writeExtension))))]
    : [];
  return signStructure(
    sequence(smallInteger(0), name, key.spki, encode(explicit(0), ...list, ...attributes)),
    key,
    'sha256',
  );
}

export const request = async (asked: Asked): Promise<CertificationRequest> =>
  readCertificationRequest(await requestDer(asked));

/** The decision of Intune, which has compared the names. */
export const VOUCHED = { kind: 'allow', notify: 'none', vouchesForNames: true } as const;

/** The certificate that an authority issues for a request, DER, not checked. */
export async function issueFor(
  csr: CertificationRequest,
  by: LocalAuthority,
  signal = new AbortController().signal,
  decision: Allow = VOUCHED,
): Promise<Uint8Array> {
  const request = { endpoint: '/scep', transactionId: '1', csr, signerSpki: csr.spki, requestKey: '' };
  return kept((await by.issue(request, decision, signal)).certificate);
}

/** The certificate for a request, after all three readers accepted it. */
export async function issue(asked: Asked, by = authority()): Promise<X509Certificate> {
  const der = await issueFor(await request(asked), by);
  await assertChains([der, issuing.certificate, root.certificate]);
  return new X509Certificate(der);
}

/** Checks a path from an end entity or CA up to its root with node:crypto, pkijs and the openssl command. */
export async function assertChains(path: readonly Uint8Array[]): Promise<void> {
  const certificates = path.map((der) => new X509Certificate(der));
  for (const [i, certificate] of certificates.entries()) {
    const issuer = certificates[i + 1] ?? certificate;
    assert.ok(certificate.checkIssued(issuer), `${certificate.subject} names ${issuer.subject}`);
    assert.ok(certificate.verify(issuer.publicKey), `${certificate.subject} is signed by ${issuer.subject}`);
  }
  await assertPkijs(path);
  assertOpenssl(certificates);
}

async function assertPkijs(path: readonly Uint8Array[]): Promise<void> {
  const certs = path.map((der) => pkijs.Certificate.fromBER(der)).toReversed();
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: [certs[0]!],
    certs,
    checkDate: NOW,
  });
  const verdict = await engine.verify();
  assert.equal(verdict.result, true, verdict.resultMessage);
}

function assertOpenssl(certificates: readonly X509Certificate[]): void {
  // Not every machine that runs these tests has the command; node:crypto, the same library, has judged before.
  if (withoutOpenssl) return;
  inScratch((dir) => {
    const files = certificates.map((certificate, i) => {
      const file = join(dir, `${i}.pem`);
      writeFileSync(file, certificate.toString());
      return file;
    });
    const [leaf, ...above] = files;
    const at = ['-attime', String(NOW.getTime() / 1000), '-x509_strict'];
    const untrusted = above.slice(0, -1).flatMap((file) => ['-untrusted', file]);
    const trusted = ['-CAfile', files.at(-1)!];
    assert.match(openssl('verify', ...at, ...trusted, ...untrusted, leaf!), /: OK/);
  });
}

/** `openssl x509 -text` of a certificate, or undefined when the command is not installed. */
export const opensslText = (certificate: Uint8Array): string | undefined =>
  withoutOpenssl
    ? undefined
    : inScratch((dir) => {
        const file = join(dir, 'certificate.der');
        writeFileSync(file, certificate);
        return openssl('x509', '-inform', 'DER', '-in', file, '-noout', '-text');
      });

const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });

function inScratch<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'openndes-ca-'));
  try {
    return work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
