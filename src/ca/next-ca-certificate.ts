/** The certificate that follows one of a CA: with the same key and name, or with a new key under another name. */
import { equalBytes } from '../core/bytes.ts';
import { DAY } from '../core/durations.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { certificateExtensions, readCertificate, readValidity, writeCertificate } from '../pkix/certificate.ts';
import { authorityKeyIdentifier, keyIdentifier, subjectKeyIdentifier } from '../pkix/extensions.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { nameFromText, nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import type { CaWithKey } from './create.ts';
import { readCaCertificate } from './ca-certificate.ts';
import { randomSerial } from './serial.ts';
import type { Period } from './validity.ts';

/** `own`: for a root, which signs itself with its own key. `end`: the latest end of what is above it, if anything is. */
export type NextCaPlan = {
  present: Uint8Array;
  key: KeyProvider;
  /** RFC 4514. That of the present one when absent, octet for octet. */
  subject?: string;
  /** Milliseconds; as long as the present one when absent. */
  validity?: number;
  issuer: CaWithKey | 'own';
  end?: Date;
  clock: Clock;
  random: RandomBytes;
};

const WRITTEN_ANEW: readonly string[] = [OID.subjectKeyIdentifier, OID.authorityKeyIdentifier];

/**
 * DER. Everything that the present certificate allows and forbids is in it, and its subject key identifier too while the key is the
 * same. Throws ConfigError when the issuer cannot sign it, and DerError when `subject` is not RFC 4514.
 */
export function nextCaCertificate(plan: NextCaPlan): Promise<Uint8Array> {
  const { present, key, issuer, clock, random } = plan;
  const view = readCertificate(present);
  const extensions = certificateExtensions(view);
  const subject = plan.subject === undefined ? view.subject : nameFromText(plan.subject);
  const isSameKey = equalBytes(view.spki, key.spki);
  const identifiers = isSameKey
    ? extensions.filter(({ oid }) => oid === OID.subjectKeyIdentifier)
    : [subjectKeyIdentifier(key.spki)];
  const above = issuer === 'own' ? undefined : readIssuer(issuer, clock());
  const kept = extensions.filter(({ oid }) => !WRITTEN_ANEW.includes(oid));
  const own = isSameKey ? issuerIdentity(present).keyIdentifier : keyIdentifier(key.spki);
  const authority = authorityKeyIdentifier(above?.keyIdentifier ?? own);
  return writeCertificate(
    {
      serialNumber: randomSerial(random),
      subject,
      issuer: above?.subject ?? subject,
      spki: key.spki,
      ...periodOf(plan, above?.notBefore),
      extensions: [...kept, ...identifiers, authority],
    },
    issuer === 'own' ? key : issuer.key,
  );
}

function readIssuer({ certificate, key }: CaWithKey, now: Date): ReturnType<typeof readCaCertificate> {
  const ca = readCaCertificate(certificate, now);
  if (readPublicKey(key.spki).key.equals(ca.publicKey.key)) return ca;
  throw new ConfigError(`${ca.text}: the key is not the key of this certificate`, 'Give the key of this CA.');
}

/** It begins a day ago, because devices have slow clocks, and within what is above it. */
function periodOf({ present, validity, end, clock }: NextCaPlan, earliest = new Date(0)): Period {
  const { notBefore, notAfter } = readValidity(readCertificate(present));
  const now = clock().getTime();
  const length = validity ?? notAfter.getTime() - notBefore.getTime();
  return {
    notBefore: new Date(Math.max(now - DAY, earliest.getTime())),
    notAfter: new Date(Math.min(now + length, end?.getTime() ?? Infinity)),
  };
}

const GENERATION = / G(\d+)$/;

/** `CN=Example CA` is followed by `CN=Example CA G2`, and that by `CN=Example CA G3`. RFC 4514. */
export function nextName(present: Uint8Array): string {
  const text = nameText(readCertificate(present).subject);
  return text.replace(/(^|,)CN=((?:\\.|[^,+\\])*)/, (_all, before: string, name: string) => {
    const number = Number(GENERATION.exec(name)?.[1] ?? 1);
    return `${before}CN=${name.replace(GENERATION, '')} G${number + 1}`;
  });
}
