/** `openndes ca root`, `ca csr` and `ca sign`: the steps before an issuing CA has its certificate. */
import { type Command, Option } from 'commander';
import { writePublicFile } from '../../app/files.ts';
import { defined } from '../../core/defined.ts';
import { KEY_CHOICES, type KeyChoice } from '../../keys/software.ts';
import { certificatePem } from '../../pkix/pem.ts';
import { publicKeyHash } from '../../pkix/public-key.ts';
import { newRoot, requestCa, requestRa, signCa, type WantedKey } from '../ca-ceremony.ts';
import { type LimitOptions, limitsOf, withLimits } from '../limit-options.ts';
import { example, wholeNumber } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { PASSPHRASE, passphraseFrom } from '../passphrase-option.ts';

type Protected = { passphraseEnv?: string };
type NewKey = Protected & { subject: string; key?: KeyChoice; keyUri?: string };
type RootOptions = NewKey & LimitOptions & { days: number; pathLength?: number };
type SignOptions = Protected &
  LimitOptions & { certificate: string; key: string; csr: string; days: number; pathLength: number; out: string };

/** Registers the commands. */
export function registerCaMake(ca: Command, output: Output): void {
  for (const register of [registerRoot, registerCsr, registerSign]) register(ca, output);
}

const pathLength = wholeNumber(0, 10);
const days = wholeNumber(1, 36_500);

const withKey = (command: Command): Command =>
  command
    .argument('[dir]', 'folder to write to', '.')
    .requiredOption('--subject <dn>', 'name of the CA, RFC 4514')
    .addOption(new Option('--key <type>', 'kind of the new key, rsa-4096 when none is named').choices(KEY_CHOICES))
    .option('--key-uri <uri>', 'with --key: make the key there, pkcs11:…; without: use the key that is there')
    .option(...PASSPHRASE);

function registerRoot(ca: Command, output: Output): void {
  withLimits(withKey(ca.command('root')))
    .description('make a root that is kept offline; run it on a machine without a network')
    .option('--days <n>', 'how long it is valid', days, 7_300)
    .option('--path-length <n>', 'how many CAs may be below it, one under the other', pathLength)
    .addHelpText(
      ...example('openndes ca root usb --subject "CN=Example Root CA,O=Example" --passphrase-env ROOT_PASSPHRASE'),
    )
    .action((dir: string, options: RootOptions) => root(dir, options, output));
}

function registerCsr(ca: Command, output: Output): void {
  withKey(ca.command('csr'))
    .description('make the key of an issuing CA, and a request for the CA above it')
    .option('--ra', 'make the RSA key of an RA and its request instead, for a CA product that issues')
    .addHelpText(...example('openndes ca csr pki --subject "CN=Example Issuing CA,O=Example" --key p384'))
    .action((dir: string, options: NewKey & { ra?: true }) => csr(dir, options, output));
}

function registerSign(ca: Command, output: Output): void {
  withLimits(ca.command('sign'))
    .description('sign the request of an issuing CA with the key of a root; no configuration is needed')
    .requiredOption('--certificate <file>', 'certificate of the root')
    .requiredOption('--key <uri>', 'its key, as in the configuration: file:PATH')
    .option(...PASSPHRASE)
    .requiredOption('--csr <file>', 'the request')
    .option('--days <n>', 'how long it is valid, at most as long as the root', days, 3_650)
    .option('--path-length <n>', 'how many CAs may be below it; 0 for an issuing CA', pathLength, 0)
    .requiredOption('--out <file>', 'the new certificate, PEM')
    .addHelpText(
      ...example(
        'openndes ca sign --certificate root-ca.pem --key file:root-ca.key.pem --csr issuing-ca.csr --out issuing-ca.pem',
      ),
    )
    .action((options: SignOptions) => sign(options, output));
}

const wantedKey = ({ key: choice, keyUri: uri, passphraseEnv }: NewKey): WantedKey => ({
  ...defined({ choice, uri, passphrase: passphraseFrom(passphraseEnv) }),
});

async function root(dir: string, options: RootOptions, { out }: Output): Promise<void> {
  const { subject, pathLength: length } = options;
  const limits = { ...limitsOf(options), ...defined({ pathLength: length }) };
  for (const file of await newRoot(dir, { key: wantedKey(options), subject, days: options.days, limits }))
    out(`wrote ${file}`);
  out('Keep the key offline: the server never needs it.');
}

async function csr(dir: string, options: NewKey & { ra?: true }, { out }: Output): Promise<void> {
  const request = options.ra ? requestRa : requestCa;
  const { files, spki } = await request(dir, { key: wantedKey(options), subject: options.subject });
  for (const file of files) out(`wrote ${file}`);
  out(keyLine(spki));
  out(
    options.ra
      ? 'Let the CA that issues certify the request, then name certificate and key under `ra`: docs/backends.md'
      : 'Let the CA above it sign the request, then: openndes ca install',
  );
}

/** Read aloud at a ceremony: the request on the medium is the one that was made. */
const keyLine = (spki: Uint8Array): string => `SHA-256 of the public key: ${publicKeyHash(spki)}`;

async function sign(options: SignOptions, { out }: Output): Promise<void> {
  const { certificate: path, key, csr: request, passphraseEnv } = options;
  const limits = { ...limitsOf(options), pathLength: options.pathLength };
  const passphrase = passphraseFrom(passphraseEnv);
  const signed = await signCa({
    certificate: path,
    key,
    csr: request,
    days: options.days,
    limits,
    ...defined({ passphrase }),
  });
  writePublicFile(options.out, certificatePem(signed.certificate));
  out(`signed ${printable(signed.request.text)}`);
  out(keyLine(signed.request.key.spki));
  out(`wrote ${options.out}`);
}
