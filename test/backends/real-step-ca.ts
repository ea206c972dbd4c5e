/** step-ca itself, with a provisioner of each kind, and a CA of its own. */
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIssuingCa, createRa, createRoot } from '../../src/ca/create.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem, type SoftwareKey } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, extendedKeyUsage, keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import type { Extension } from '../../src/core/request.ts';
import { accepts, freePort } from '../kit/ports.ts';
import { stepCaProgram } from '../kit/step-ca-program.ts';
import { until } from '../kit/until.ts';

const DAY = 86_400_000;
const TEMPLATE = readFileSync(join(import.meta.dirname, '../../deploy/step-ca/openndes.tpl'), 'utf8');

/** Names of the provisioners: with the template of openndes, without one, with certificates, and for short times only. */
export const PROVISIONERS = { templated: 'openndes', plain: 'plain', x5c: 'registration', short: 'short' } as const;

/** `jwk` is the key of all JWK provisioners, PEM; `ra` certificate and key of the X5C provisioner, PEM. `log`: what it wrote. */
export type RealStepCa = {
  url: string;
  root: Uint8Array;
  issuing: Uint8Array;
  jwk: string;
  ra: { certificate: string; key: string };
  /** An RA of SCEP that the issuing CA has certified, PEM. */
  scepRa: { certificate: string; key: string };
  log: () => string;
  close: () => Promise<void>;
};

/** Starts it in a folder of its own. Throws when it does not listen. */
export async function realStepCa(): Promise<RealStepCa> {
  const folder = mkdtempSync('/var/tmp/openndes-step-ca-run-');
  const port = await freePort();
  const made = await written(folder, port);
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'w');
  const child = spawn(stepCaProgram(), [join(folder, 'ca.json')], { stdio: ['ignore', log, log] });
  closeSync(log);
  const close = async (): Promise<void> => {
    const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
    child.kill();
    await ended;
    rmSync(folder, { recursive: true });
  };
  const said = (): string => readFileSync(logFile, 'utf8');
  await until(
    () => accepts(port),
    () => `step-ca listens: ${said()}`,
    { within: 30_000 },
  ).catch(async (cause: unknown) => {
    await close();
    throw cause;
  });
  return { ...made, url: `https://localhost:${port}`, log: said, close };
}

async function written(folder: string, port: number) {
  const [rootKey, issuingKey, jwk, raCaKey, raKey] = Array.from({ length: 5 }, () => generateKey('p256'));
  if (!rootKey || !issuingKey || !jwk || !raCaKey || !raKey) throw new Error('no keys');
  const common = { clock: systemClock, random: systemRandom, backdate: DAY, validity: 3650 * DAY };
  const root = await createRoot({ ...common, subject: 'CN=step Root', key: rootKey });
  const issuing = await createIssuingCa(
    { ...common, subject: 'CN=step Issuing', key: issuingKey },
    { certificate: root, key: rootKey },
  );
  const raCa = await certified('CN=RA Root', raCaKey, 'CN=RA Root', raCaKey, [basicConstraints(true)]);
  const ra = await certified('CN=openndes RA', raKey, 'CN=RA Root', raCaKey, [
    keyUsage(['digitalSignature']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
  ]);
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const long = { maxTLSCertDuration: '9000h', defaultTLSCertDuration: '9000h' };
  const key = {
    ...createPublicKey(jwk.privateKey).export({ format: 'jwk' }),
    kid: 'kid-of-the-test',
    use: 'sig',
    alg: 'ES256',
  };
  const x509 = { template: TEMPLATE };
  const config = {
    root: put('root.pem', certificatePem(root)),
    crt: put('issuing.pem', certificatePem(issuing)),
    key: put('issuing.key', privateKeyPem(issuingKey.privateKey)),
    address: `127.0.0.1:${port}`,
    dnsNames: ['localhost'],
    logger: { format: 'json' },
    crl: { enabled: true, generateOnRevoke: true },
    db: { type: 'badgerv2', dataSource: join(folder, 'db') },
    authority: {
      provisioners: [
        { type: 'JWK', name: PROVISIONERS.templated, key, claims: long, options: { x509 } },
        { type: 'JWK', name: PROVISIONERS.plain, key, claims: long },
        { type: 'JWK', name: PROVISIONERS.short, key, options: { x509 } },
        {
          type: 'X5C',
          name: PROVISIONERS.x5c,
          roots: Buffer.from(certificatePem(raCa)).toString('base64'),
          claims: long,
          options: { x509 },
        },
      ],
    },
  };
  put('ca.json', JSON.stringify(config));
  const scepKey = generateKey('rsa-2048');
  const scepRa = await createRa(
    { ...common, validity: 365 * DAY, subject: 'CN=step SCEP RA', key: scepKey },
    { certificate: issuing, key: issuingKey },
  );
  return {
    root,
    issuing,
    scepRa: { certificate: certificatePem(scepRa), key: privateKeyPem(scepKey.privateKey) },
    jwk: privateKeyPem(jwk.privateKey),
    ra: { certificate: certificatePem(ra), key: privateKeyPem(raKey.privateKey) },
  };
}

const certified = (
  subject: string,
  of: SoftwareKey,
  issuer: string,
  by: SoftwareKey,
  extensions: readonly Extension[],
) =>
  writeCertificate(
    {
      serialNumber: Buffer.concat([Uint8Array.of(1), systemRandom(8)]),
      issuer: nameFromText(issuer),
      subject: nameFromText(subject),
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 600 * DAY),
      spki: of.spki,
      extensions: [...extensions],
    },
    by,
  );
