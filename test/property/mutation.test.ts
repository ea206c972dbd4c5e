/**
 * A changed message is read, or refused with a DerError. Any other error is a bug, because it means that something was
 * used before it was checked.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { berToDer } from '../../src/asn1/ber.ts';
import { DerError } from '../../src/asn1/limits.ts';
import { generateKey } from '../../src/keys/software.ts';
import * as certificates from '../../src/pkix/certificate.ts';
import { provesPossession, readCertificationRequest } from '../../src/pkix/csr.ts';
import * as extensions from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText, nameText, sameName } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { verifySignature } from '../../src/pkix/signature.ts';

const EXTENSION_READERS: Readonly<Record<string, (value: Uint8Array) => unknown>> = {
  [OID.keyUsage]: extensions.readKeyUsage,
  [OID.extendedKeyUsage]: extensions.readExtendedKeyUsage,
  [OID.basicConstraints]: extensions.readBasicConstraints,
  [OID.subjectAltName]: extensions.readGeneralNames,
};

/** Reads everything in a certificate that the product reads. */
function certificate(der: Uint8Array): void {
  const view = certificates.readCertificate(der);
  certificates.readValidity(view);
  nameText(view.issuer);
  sameName(view.issuer, view.subject);
  for (const { oid, value } of certificates.certificateExtensions(view)) EXTENSION_READERS[oid]?.(value);
  const { algorithm, signature } = certificates.certificateSignature(view);
  const { key } = readPublicKey(view.spki);
  if (algorithm) verifySignature({ algorithm, key, data: view.tbs, signature });
}

/** Reads everything in a request that the product reads. */
function request(der: Uint8Array): void {
  const view = readCertificationRequest(der);
  for (const { oid, value } of view.extensions) EXTENSION_READERS[oid]?.(value);
  provesPossession(view, readPublicKey(view.spki));
}

const VECTORS = join(import.meta.dirname, '..', 'vectors', 'csr');
type Vector = { csr: string; expect: object };
const vector = (name: string): Vector => JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as Vector;
const requests = globSync('*.json', { cwd: VECTORS })
  .sort()
  .map(vector)
  .filter(({ expect }) => !('error' in expect))
  .map(({ csr }) => Buffer.from(csr, 'base64'));

const key = generateKey('p256');
const written = await certificates.writeCertificate(
  {
    serialNumber: Buffer.of(1),
    issuer: nameFromText('CN=Issuing CA,O=Müller'),
    subject: nameFromText('CN=device-1+serialNumber=1,DC=example'),
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2050-01-01T00:00:00Z'),
    spki: key.spki,
    extensions: [
      extensions.basicConstraints(true, 1),
      extensions.keyUsage(['keyCertSign']),
      extensions.extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
      extensions.subjectAltName(['dns:a', 'upn:a@b', 'ip:::1'].map(generalNameFromText)),
    ],
  },
  key,
);

/** Indefinite outside and definite inside, so that both forms of the length are read. */
const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), written, Buffer.of(0x24, 0x80, 4, 1, 1, 0, 0, 0, 0)]);

const TARGETS: Readonly<Record<string, readonly [(bytes: Uint8Array) => unknown, readonly Uint8Array[]]>> = {
  certificate: [certificate, [written]],
  request: [request, requests],
  'BER to DER': [berToDer, [written, indefinite]],
};

/** True when the octets were read, false when they were refused. */
function reads(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    read(bytes);
    return true;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

const RUNS = 20_000;
const SEED = 8894;

for (const [what, [read, samples]] of Object.entries(TARGETS)) {
  test(`${what} cut short at every octet is refused`, () => {
    for (const sample of samples) {
      assert.ok(reads(read, sample), 'the whole is read');
      for (let length = 0; length < sample.length; length++) {
        // A vector may end in padding, and is still complete without it.
        const padding = what === 'request' && sample.subarray(length).every((octet) => octet === 0);
        assert.ok(padding || !reads(read, sample.subarray(0, length)), `${length} of ${sample.length} octets`);
      }
    }
  });

  const change = fc.record({ at: fc.nat({ max: 1 << 16 }), to: fc.nat({ max: 255 }) });
  const changes = fc.tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 3 }));
  test(`${what} with changed octets is read or refused`, () =>
    fc.assert(
      fc.property(changes, ([sample, changes]) => {
        const bytes = Buffer.from(sample);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        reads(read, bytes);
      }),
      { numRuns: RUNS, seed: SEED },
    ));

  const splice = fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.nat({ max: 40 }), fc.uint8Array({ maxLength: 40 }));
  test(`${what} with octets inserted and removed is read or refused`, () =>
    fc.assert(
      fc.property(splice, ([sample, where, taken, put]) => {
        const at = where % sample.length;
        reads(read, Buffer.concat([sample.subarray(0, at), put, sample.subarray(at + taken)]));
      }),
      { numRuns: RUNS, seed: SEED },
    ));

  test(`${what} of random octets is read or refused`, () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void reads(read, bytes)),
      { numRuns: RUNS, seed: SEED },
    ));
}
