/** A fake of step-ca for the wiring: it certifies by the CA `issuing` what the template of openndes would, and keeps what it was sent. */
import { privateKeyPem } from '../../src/keys/software.ts';
import { findExtension } from '../../src/pkix/extensions.ts';
import { OID } from '../../src/pkix/oids.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { ecKey } from '../kit/keys.ts';
import { type Asked, csrOf, fakeCaServer, signedByIssuing, tls, trustOnly } from './fake-ca-server.ts';
import { certificateFile, file, issuing, issuingSection, root } from './files.ts';

/** By the subject of the request: what the token says of its provisioner, and whether the connection came through the proxy. */
export const stepCaGot = new Map<string, readonly string[]>();

type Claims = { iss: string; openndes: Record<'subject' | 'keyUsage' | 'extendedKeyUsage', string> };
const decoded = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());

async function certified({ body, how }: Asked): Promise<object> {
  const { csr: pem, ott, notAfter } = body as { csr: string; ott: string; notAfter: string };
  const [header, claims] = ott.split('.', 2).map(decoded) as [{ kid?: string; x5c?: string[] }, Claims];
  const csr = csrOf(pem);
  stepCaGot.set(csr.subjectText, [claims.iss, header.kid ?? `x5c ${header.x5c?.length}`, how]);
  const value = (oid: string, text: string) => ({
    oid,
    critical: oid === OID.keyUsage,
    value: Buffer.from(text, 'base64'),
  });
  const { subject, keyUsage, extendedKeyUsage } = claims.openndes;
  const san = findExtension(csr.extensions, OID.subjectAltName);
  const extensions = [
    value(OID.keyUsage, keyUsage),
    value(OID.extendedKeyUsage, extendedKeyUsage),
    ...(san ? [san] : []),
  ];
  const certificate = await signedByIssuing(csr.spki, Buffer.from(subject, 'base64'), new Date(notAfter), extensions);
  return { certChain: [certificatePem(certificate), certificatePem(issuing.certificate)] };
}

const { url, proxy } = await fakeCaServer(201, certified);
const { certificate, key } = await tls.issue('CN=openndes');
const provisioner = { key: privateKeyPem(ecKey('provisioner').privateKey), keyId: 'the-kid' };

const authority = (stepCa: object) => ({
  certificate: issuingSection.certificate,
  chain: certificateFile('issuing/above-step.pem', root),
  ra: issuingSection.ra,
  issuer: { stepCa: { url, trustOnly, ...stepCa } },
});

/** Two authorities whose CA it is. */
export const stepCaAuthorities = {
  'step-jwk': authority({ provisioner: 'first', ...provisioner }),
  'step-x5c': authority({ provisioner: 'second', key, certificate: file('step-ra.pem', certificate), proxy }),
};
