/** `openndes enroll`: a real SCEP client, for a first try and for scripts. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Fingerprint, pinnedServer } from '../../client/pinned-ca.ts';
import {
  type ClientContext,
  discover,
  type Enrolled,
  enroll,
  poll,
  type ScepServer,
} from '../../client/scep-client.ts';
import { equalBytes } from '../../core/bytes.ts';
import { ConfigError } from '../../core/errors.ts';
import { KEY_CHOICES, type SoftwareKey } from '../../keys/software.ts';
import { readCertificate, readValidity, serialText } from '../../pkix/certificate.ts';
import { nameText } from '../../pkix/name.ts';
import { assertTlsVerified } from '../../app/process-environment.ts';
import { type CertificateFolder, certificateFolder } from '../certificate-folder.ts';
import { EXIT, Exit } from '../exit.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { systemClock, systemRandom } from '../../embed/system.ts';
import { trustCa } from '../../app/trusted-ca.ts';
import { reachable } from '../reachable.ts';
import { collect } from '../options.ts';
import { exposure, fingerprint } from '../pinning.ts';
import { type EnrollPlan, planOf, type RequestOptions } from '../enroll-plan.ts';

type EnrollOptions = RequestOptions & {
  fingerprint?: Fingerprint;
  trustCa?: string;
  get?: true;
  oaep?: true;
  force?: true;
  legacy?: 'null-wrap';
  json?: true;
};

/** Registers the command. */
export function registerEnroll(program: Command, output: Output): void {
  program
    .command('enroll')
    .description(
      'get a certificate from a SCEP server; exit 0 issued, 2 refused, 3 pending, 78 a file must be corrected first, 1 anything else',
    )
    .argument('<url>', 'SCEP URL')
    .option('--subject <dn>', 'subject, for example "CN=laptop,O=Example"; a renewal keeps that of its certificate')
    .option('--san <name>', 'dns:, email:, upn:, uri: or ip: and the name; may be repeated', collect, [])
    .option('--challenge <password>', 'challenge password; all users of this machine can read arguments while it runs')
    .addOption(
      new Option(
        '--challenge-file <file>',
        'file with the challenge password in its first line; - is standard input',
      ).conflicts(['challenge', 'simulator']),
    )
    .option('--simulator <url>', 'control URL of `openndes simulator`, which then mints the challenge')
    .option(
      '--fingerprint <hex>',
      'SHA-256 (or SHA-1, SHA-512) of the CA certificate; nothing that this CA did not sign is trusted',
      fingerprint,
    )
    .option('--trust-ca <file>', 'CA of the TLS certificate of an https URL, PEM or DER; trusted beside the public CAs')
    .option(
      '--renew <dir>',
      'folder of an earlier enrolment, whose certificate signs the request; --out may be the same',
    )
    .option('--out <dir>', 'folder for key.pem, certificate.pem and chain.pem', '.')
    .option('--force', 'replace a certificate that is in --out already')
    .addOption(new Option('--key <type>', 'key to make').choices(KEY_CHOICES).default('rsa-2048'))
    .addOption(
      new Option(
        '--legacy <form>',
        'for a server on BouncyCastle for .NET whose RA has an EC key: encrypt to it in the form that it reads',
      ).choices(['null-wrap']),
    )
    .option('--get', 'send the request by GET, as clients do that know no POST: proxies must let long URLs through')
    .option('--oaep', 'encrypt the request with RSAES-OAEP and SHA-256: for a server that refuses PKCS#1 v1.5 (FIPS)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nThe request is kept in --out until it is answered. After exit 3, or when the reply was lost, run the same command again:\n' +
        'it polls for that request and makes no second one. A key.pem without certificate.pem in --out is used as the key.\n' +
        '\nExample:\n  openndes enroll http://127.0.0.1:8080/certsrv/mscep/mscep.dll --subject "CN=laptop" --challenge-file challenge.txt --out laptop',
    )
    .action((url: string, options: EnrollOptions) => run(url, options, output));
}

async function run(url: string, options: EnrollOptions, { out, err }: Output): Promise<void> {
  assertTlsVerified();
  if (options.trustCa !== undefined) trustCa(options.trustCa);
  const context: ClientContext = {
    fetch: reachable(fetch),
    clock: systemClock,
    random: systemRandom,
    step: options.json ? () => {} : err,
  };
  const folder = certificateFolder(options.out);
  const waiting = folder.waiting();
  if (!waiting) assertReplaceable(folder, options);
  const warning = options.fingerprint ? undefined : exposure(url);
  if (warning !== undefined) err(warning);
  const found = await discover(url, context);
  const pinned = options.fingerprint ? pinnedServer(found, options.fingerprint) : found;
  const { get = false, oaep = false, legacy } = options;
  const server = { ...pinned, get, oaep, nullWrap: legacy === 'null-wrap' };
  const plan = await planOf(options, folder, waiting);
  const enrolled = await (waiting ? resume : enroll)(server, plan, context);
  const facts = enrolled.status === 'success' ? save(enrolled, { server, folder, key: plan.key }) : enrolled;
  report(enrolled, facts, options, out);
  if (enrolled.status === 'failure') folder.discardRequest();
  if (enrolled.status !== 'success') throw new Exit(enrolled.status === 'pending' ? EXIT.pending : EXIT.refused);
}

/** A command that is repeated by mistake must not replace a certificate in use. Throws ConfigError. */
function assertReplaceable(folder: CertificateFolder, { out: dir, renew, force }: EnrollOptions): void {
  const renewsItself = renew !== undefined && resolve(renew) === resolve(dir);
  if (folder.hasCertificate() && !renewsItself && !force)
    throw new ConfigError(
      `there is a certificate in ${dir} already`,
      'Renew it with --renew, take another folder with --out, or replace it with --force.',
    );
}

/** Polls for the request of an earlier run, and sends it again when the server never got it. */
async function resume(server: ScepServer, plan: EnrollPlan, context: ClientContext): Promise<Enrolled> {
  const answer = await poll(server, plan, context);
  const unknown = answer.status === 'failure' && answer.failInfo === 'badCertId';
  return unknown ? enroll(server, plan, context) : answer;
}

function report(enrolled: Enrolled, facts: object, { json }: EnrollOptions, out: Output['out']): void {
  const { status, transactionId } = enrolled;
  if (json) out(jsonText({ ...facts, status, transactionId }));
  else out(resultText(enrolled, facts));
}

type Destination = { server: ScepServer; folder: CertificateFolder; key: SoftwareKey };

/** Writes certificate, chain and key, and returns what is printed. Throws when the reply has no certificate. */
function save({ certificates: [leaf] }: { certificates: Uint8Array[] }, { server, folder, key }: Destination) {
  if (!leaf) throw new Error('the reply says success and has no certificate');
  const view = readCertificate(leaf);
  const cas = server.certificates.filter((der) => !equalBytes(der, server.recipient));
  return {
    serial: serialText(view.serialNumber),
    subject: nameText(view.subject),
    issuer: nameText(view.issuer),
    notAfter: readValidity(view).notAfter.toISOString(),
    files: folder.save({ certificate: leaf, chain: cas, key }),
  };
}

function resultText(enrolled: Enrolled, facts: object): string {
  if (enrolled.status === 'pending') return 'pending: ask again later with the same command';
  if (enrolled.status === 'failure')
    return `refused: failInfo ${enrolled.failInfo}${enrolled.text ? ` (${printable(enrolled.text)})` : ''}`;
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${printable(Array.isArray(value) ? value.join(', ') : String(value))}`)
    .join('\n');
}
