/** `openndes enroll`: a real SCEP client, for a first try and for scripts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type ClientContext, discover, type Enrolled, enrol, type ScepServer } from '../../client/enrol.ts';
import type { ClientSigner } from '../../client/message.ts';
import type { Extension, KeyProvider } from '../../core/contracts.ts';
import { generateKey, KEY_CHOICES, type KeyChoice, keyFromPem, privateKeyPem } from '../../keys/software.ts';
import { readCertificate, readValidity, serialText } from '../../pkix/certificate.ts';
import { extendedKeyUsage, generalNameFromText, keyUsage, subjectAltName } from '../../pkix/extensions.ts';
import { nameFromText, nameText } from '../../pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../../pkix/oids.ts';
import { EXIT, Exit } from '../exit.ts';
import { readFile, readPrivateFile, writePrivateFile, writePublicFile } from '../files.ts';
import type { Output } from '../output.ts';
import { certificatePem, certificatesFrom } from '../pem.ts';
import { systemClock, systemRandom } from '../system.ts';

type Options = {
  subject: string;
  san: string[];
  challenge?: string;
  simulator?: string;
  renew?: string;
  out: string;
  key: KeyChoice;
  json?: true;
};

const collect = (value: string, values: string[]): string[] => [...values, value];

export function registerEnroll(program: Command, output: Output): void {
  program
    .command('enroll')
    .description('get a certificate from a SCEP server; exit 0 issued, 2 refused, 3 pending, 1 anything else')
    .argument('<url>', 'SCEP URL')
    .requiredOption('--subject <dn>', 'subject, for example "CN=laptop,O=Example"')
    .option('--san <name>', 'dns:, email:, upn:, uri: or ip: and the name; may be repeated', collect, [])
    .option('--challenge <password>', 'challenge password')
    .option('--simulator <url>', 'control URL of `openndes simulator`: lets it mint the challenge')
    .option('--renew <dir>', 'folder of an earlier enrolment whose certificate signs the request')
    .option('--out <dir>', 'folder for key.pem, certificate.pem and chain.pem', '.')
    .addOption(
      new Option('--key <type>', 'key to make; the signer of the message is RSA')
        .choices(KEY_CHOICES.filter((choice) => choice.startsWith('rsa')))
        .default('rsa-2048'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  openndes enroll http://127.0.0.1:8080/certsrv/mscep/mscep.dll --subject "CN=laptop" --challenge "$(cat challenge.txt)" --out laptop',
    )
    .action((url: string, options: Options) => run(url, options, output));
}

async function run(url: string, options: Options, { out, err }: Output): Promise<void> {
  const context: ClientContext = {
    fetch,
    clock: systemClock,
    random: systemRandom,
    step: options.json ? () => {} : err,
  };
  const extensions = requestedExtensions(options);
  const challenge = options.simulator ? await mintChallenge(options.simulator, options) : options.challenge;
  const key =
    existsSync(join(options.out, 'key.pem')) && !options.renew ? keyIn(options.out) : generateKey(options.key);
  // The key is on disk before anything is asked for it: a lost reply can then be fetched again with the same command.
  writePrivateFile(join(options.out, 'key.pem'), privateKeyPem(key.privateKey));
  const server = await discover(url, context);
  const signer = options.renew === undefined ? undefined : signerIn(options.renew);
  const plan = {
    subject: nameFromText(options.subject),
    extensions,
    key,
    ...(challenge !== undefined && { challenge }),
    ...(signer && { signer }),
  };
  const enrolled = await enrol(server, plan, context);
  report(enrolled, server, options, out);
  if (enrolled.status !== 'success') throw new Exit(enrolled.status === 'pending' ? EXIT.pending : EXIT.refused);
}

const requestedExtensions = ({ san }: Options): Extension[] => [
  ...(san.length ? [subjectAltName(san.map(generalNameFromText))] : []),
  keyUsage(['digitalSignature', 'keyEncipherment']),
  extendedKeyUsage([EXTENDED_KEY_USAGES['clientAuth']!]),
];

const keyIn = (dir: string): KeyProvider & { privateKey: import('node:crypto').KeyObject } => {
  const path = join(dir, 'key.pem');
  return keyFromPem(readPrivateFile(path, 'the key of the earlier enrolment').toString(), path);
};

function signerIn(dir: string): ClientSigner {
  const path = join(dir, 'certificate.pem');
  const [certificate] = certificatesFrom(readFile(path, 'the certificate of the earlier enrolment'), path);
  return { certificate: certificate!, key: keyIn(dir) };
}

async function mintChallenge(control: string, { subject, san }: Options): Promise<string> {
  const response = await fetch(new URL('/challenges', control), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ subject, ...(san.length && { san }) }),
  });
  const answer = (await response.json()) as { challenge?: string; error?: string };
  if (!response.ok || answer.challenge === undefined)
    throw new Error(`the simulator minted no challenge: HTTP ${response.status} ${answer.error ?? ''}`);
  return answer.challenge;
}

function report(enrolled: Enrolled, server: ScepServer, { out: dir, json }: Options, out: Output['out']): void {
  const facts = enrolled.status === 'success' ? written(enrolled.certificates, server, dir) : enrolled;
  const { transactionId } = enrolled;
  if (json) out(JSON.stringify({ ...facts, status: enrolled.status, transactionId }));
  else out(words(enrolled, facts));
}

function written(certificates: readonly Uint8Array[], server: ScepServer, dir: string) {
  const leaf = certificates[0]!;
  const view = readCertificate(leaf);
  const cas = server.certificates.filter((der) => Buffer.compare(der, server.recipient) !== 0);
  writePublicFile(join(dir, 'certificate.pem'), certificatePem(leaf));
  writePublicFile(join(dir, 'chain.pem'), certificatePem(...cas));
  return {
    serial: serialText(view.serialNumber),
    subject: nameText(view.subject),
    issuer: nameText(view.issuer),
    notAfter: readValidity(view).notAfter.toISOString(),
    files: ['key.pem', 'certificate.pem', 'chain.pem'].map((name) => join(dir, name)),
  };
}

function words(enrolled: Enrolled, facts: object): string {
  if (enrolled.status === 'pending') return 'pending: ask again later with the same command';
  if (enrolled.status === 'failure')
    return `refused: failInfo ${enrolled.failInfo}${enrolled.text ? ` (${enrolled.text})` : ''}`;
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`)
    .join('\n');
}
