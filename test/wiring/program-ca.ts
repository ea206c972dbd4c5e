/** A program that issues, for the wiring: it is started by `command`, and writes down what it was given. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateKeyPem } from '../../src/keys/software.ts';
import { certificateFile, file, FOLDER, issuing, issuingSection, root } from './files.ts';

const source = (path: string): string => JSON.stringify(join(import.meta.dirname, '..', '..', 'src', path));

const PROGRAM = `
import { appendFileSync, readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { writeCertificate } from ${source('pkix/certificate.ts')};
import { readCertificationRequest, withoutProof } from ${source('pkix/csr.ts')};
import { authorityKeyIdentifier, extendedKeyUsage, findExtension, keyIdentifier, keyUsage } from ${source('pkix/extensions.ts')};
import { nameFromText } from ${source('pkix/name.ts')};
import { keyFromPem } from ${source('keys/software.ts')};

const { csr: der, parameters, ca, notAfter, operation } = JSON.parse(readFileSync(0, 'utf8'));
const [path, name] = process.argv.slice(2);
const key = keyFromPem(readFileSync(path, 'utf8'), 'the key of the program');
const { GOT, TOKEN } = process.env;
const csr = withoutProof(readCertificationRequest(Buffer.from(der, 'base64')));
appendFileSync(GOT, JSON.stringify([csr.subjectText, [operation, name, TOKEN, ca ?? 'no CA', parameters.template ?? 'no template']]) + '\\n');
await new Promise((go) => setTimeout(go, Number(parameters.pause ?? 0)));
const answer = (fields) => process.stdout.write(JSON.stringify({ version: 1, ...fields }));
if (parameters.answer === 'pending') answer({ status: 'pending', reference: '17', retryAfter: 60 });
else {
  const san = findExtension(csr.extensions, '2.5.29.17');
  const certificate = await writeCertificate(
    {
      serialNumber: Buffer.concat([Buffer.of(1), randomBytes(12)]),
      issuer: nameFromText('CN=Wiring Issuing'),
      subject: csr.subject,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Math.floor(Date.parse(notAfter) / 1000) * 1000),
      spki: csr.spki,
      extensions: [keyUsage(['digitalSignature', 'keyEncipherment']), extendedKeyUsage(['1.3.6.1.5.5.7.3.2']), authorityKeyIdentifier(keyIdentifier(key.spki)), ...(san ? [san] : [])],
    },
    key,
  );
  answer({ status: 'issued', certificate: Buffer.from(certificate).toString('base64'), chain: [] });
}
`;

const path = file('program-ca.mjs', PROGRAM);
const key = file('program-ca.key.pem', privateKeyPem(issuing.key.privateKey));
const got = join(FOLDER, 'program-ca.got');

/** What the program was given for the device with this subject, each time that it was called. */
export function programGot(subject: string): unknown[] {
  const lines = existsSync(got) ? readFileSync(got, 'utf8').trimEnd().split('\n') : [];
  return lines
    .map((line) => JSON.parse(line) as [string, unknown])
    .flatMap(([of, what]) => (of === subject ? [what] : []));
}

const authority = (name: string, command: object = {}, token = 'a token') => ({
  certificate: issuingSection.certificate,
  chain: certificateFile('issuing/above-program.pem', root),
  ra: issuingSection.ra,
  issuer: {
    command: {
      program: process.execPath,
      arguments: [path, key, name],
      environment: { GOT: got, TOKEN: token },
      ...command,
    },
  },
});

const PAUSE = '2500';

/** Authorities whose CA a program calls. */
export const programAuthorities = {
  program: authority('first', { parameters: { template: 'Device' }, ca: 'ca1.example.com\\Example CA' }),
  'program-second': authority('second', { parameters: { pause: PAUSE } }, 'another token'),
  'program-slow': authority('slow', { parameters: { pause: PAUSE }, timeout: '1s' }),
  'program-polled': authority('polled', { parameters: { answer: 'pending' }, operations: ['issue', 'poll'] }),
  'program-not-polled': authority('not polled', { parameters: { answer: 'pending' } }),
};
