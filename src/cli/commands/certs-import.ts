/** `openndes certs import`. */
import type { Command } from 'commander';
import { certificatesFrom } from '../../app/certificate-files.ts';
import { readEndpointNames, readSections } from '../../app/configuration-file.ts';
import { openConfiguredStore } from '../../app/configured-store.ts';
import { readTrustedFile } from '../../app/files.ts';
import { defined } from '../../core/defined.ts';
import { systemClock } from '../../embed/system.ts';
import { certificateImporter, type Importer, type ImportingCa } from '../../manage/certificate-import.ts';
import { type CertificateFile, certificateFiles } from '../certificates-in.ts';
import { commandLineUser } from '../command-line-user.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import { counted, type Output, printable } from '../output.ts';
import { failed } from './certs-store.ts';

type ImportOptions = { config: string; endpoint?: string };

/** Registers the command under `openndes certs`. */
export function registerImport(certs: Command, output: Output): void {
  certs
    .command('import')
    .description(
      'take over certificates that another program issued with the key of an authority or of its previous CAs',
    )
    .argument('<path...>', 'files (PEM or DER, with any number of certificates) and folders of such files')
    .option('--endpoint <name>', 'endpoint at which they may renew; not needed when their authority has only one')
    .option(...CONFIG)
    .addHelpText(...example('openndes certs import /srv/export'))
    .action((paths: string[], options: ImportOptions) => importAll(paths, options, output));
}

async function importAll(paths: string[], { config, endpoint }: ImportOptions, { out, err }: Output): Promise<void> {
  const cas = importingCas(config, endpoint, err);
  const store = await openConfiguredStore(config);
  const counts = { recorded: 0, known: 0, refused: 0, files: 0 };
  try {
    const importer = await certificateImporter({ store, clock: systemClock, ...commandLineUser() }, cas);
    for (const file of certificateFiles(paths)) {
      counts.files++;
      for await (const { kind, line } of outcomes(file, importer)) {
        counts[kind]++;
        if (line !== undefined) err(line);
      }
    }
  } finally {
    await store.close();
  }
  out(
    `imported ${counted(counts.recorded)}, known already ${counted(counts.known)}, refused ${counted(counts.refused)} ` +
      `(files: ${counted(counts.files)})`,
  );
  if (counts.recorded > 0)
    err('What was revoked elsewhere is valid here until you revoke it here too: openndes certs revoke --file FILE');
  if (counts.refused > 0 || counts.files === 0) throw new Exit(EXIT.failed);
}

type OutcomeLine = { kind: 'recorded' | 'known' | 'refused'; line?: string };

/** Certificates that share a commit of the store. */
const AT_ONCE = 64;

/** Of each certificate in a file; a file with none is refused as a whole. */
async function* outcomes({ path, certificates, why }: CertificateFile, importer: Importer): AsyncIterable<OutcomeLine> {
  const refused = (reason: string, place = ''): OutcomeLine => ({
    kind: 'refused',
    line: `${printable(path)}${place}: ${printable(reason)}`,
  });
  if (certificates.length === 0) yield refused(why ?? 'the file is empty');
  for (let at = 0; at < certificates.length; at += AT_ONCE) {
    const results = await Promise.all(certificates.slice(at, at + AT_ONCE).map(importer));
    for (const [index, result] of results.entries()) {
      const place = certificates.length > 1 ? `, certificate ${at + index + 1}` : '';
      yield result.kind === 'refused' ? refused(result.why, place) : { kind: result.kind };
    }
  }
}

/** Every CA of the configuration, present and previous. Ends the command with exit 1 when an endpoint must be named. */
function importingCas(config: string, endpoint: string | undefined, err: Output['err']): ImportingCa[] {
  const { authorities } = readSections(config, ['authorities'], ['key', 'passphrase']);
  const endpoints = readEndpointNames(config);
  const names = endpoints.map(({ name }) => name);
  if (endpoint !== undefined && !names.includes(endpoint))
    return failed(`no endpoint has the name ${endpoint}: there is ${names.join(', ')}`, err);
  const all = Object.entries(authorities);
  return all.flatMap(([authority, { certificate, previous = [] }]) => {
    const own = endpoints.filter(
      (each) => (each.authority ?? (all.length === 1 ? authority : undefined)) === authority,
    );
    const [only, ...others] = own.map(({ name }) => name);
    if (endpoint === undefined && (only === undefined || others.length > 0))
      return failed(whichEndpoint(authority, own), err);
    // Otherwise the certificates of one authority would renew under the CA of another one.
    const isElsewhere = own.length > 0 && own.every(({ name }) => name !== endpoint);
    const renewsAt = endpoint === undefined ? only : isElsewhere ? undefined : endpoint;
    return [certificate, ...previous.map((each) => each.certificate)].map((path) => ({
      certificate: certificatesFrom(readTrustedFile(path, 'a CA certificate'), path)[0],
      authority,
      ...defined({ endpoint: renewsAt }),
    }));
  });
}

const whichEndpoint = (authority: string, own: readonly { name: string }[]): string =>
  `the authority ${authority} has ${own.length === 0 ? 'no endpoint' : `the endpoints ${own.map(({ name }) => name).join(', ')}`}: ` +
  'name with --endpoint the one at which the certificates may renew';
