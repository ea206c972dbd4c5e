/** micromdm's `scepclient`, and the SCEP and PKCS #7 packages of Go under it. */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { output, type Ran, run } from './children.ts';
import { type Attempt, dnsName, type Foreign, missing, type Site } from './client.ts';

export const micromdm: Foreign = {
  name: 'micromdm',
  method: 'POST',
  // It signs with SHA-1 and encrypts with single DES whatever the server says of itself.
  legacy: true,
  saysBadRequest: /failInfo: badRequest/,
  keepsOrder: true,
  withoutPost: 'GET',
  sends: { renewal: 'RenewalReq', poll: 'PKCSReq' },
  asks: (device) => ({ subject: `CN=${device},OU=MDM,O=Test,C=US`, san: [`dns:${dnsName(device)}`], keyLength: 2048 }),
  check,
  authorities,
  enroll,
  renew,
};

async function check(): Promise<void> {
  await run('scepclient', ['-version']).catch(() => {
    throw missing(
      'scepclient',
      'GOBIN="$PWD/node_modules/.bin" go install github.com/micromdm/scep/v2/cmd/scepclient@v2.3.0',
    );
  });
}

/** Chooses as recipients the certificates for key encipherment alone: the RA. */
const RA_ONLY = ['-key-encipherment-selector'];

/** Runs it for a device. By itself it encrypts to every certificate of GetCACert. */
export function scepclient({ url, dir }: Site, device: string, ...rest: readonly string[]): Promise<Ran> {
  const files = ['-private-key', join(dir, 'key.pem'), '-certificate', join(dir, 'client.pem')];
  const names = ['-cn', device, '-organization', 'Test', '-dnsname', dnsName(device)];
  return run('scepclient', ['-server-url', url, ...files, ...names, ...rest]);
}

/** With `-debug` it lists them, before it sends a request that the server refuses. */
async function authorities(site: Site): Promise<string[]> {
  const { stderr } = await scepclient(site, 'reader', '-debug', ...RA_ONLY);
  return [...stderr.matchAll(/ hash_type=SHA-256 hash=(?<hash>[0-9a-f]+)/g)].map(({ groups }) => groups!['hash']!);
}

async function enroll(site: Site, device: string, challenge: string): Promise<Attempt> {
  return attemptOf(site, await scepclient(site, device, '-challenge', challenge, ...RA_ONLY));
}

/** By itself it renews with the same key only. It uses the request in a file when there is one: this one has another key. */
async function renew(site: Site, device: string): Promise<Attempt> {
  const [key, request] = [join(site.dir, 'new.pem'), join(site.dir, 'csr.pem')];
  rmSync(request);
  const names = ['-subj', `/C=US/O=Test/OU=MDM/CN=${device}`, '-addext', `subjectAltName=DNS:${dnsName(device)}`];
  await output('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, ...names]);
  const attempt = attemptOf(site, await scepclient(site, device, ...RA_ONLY));
  if (attempt.certificate) renameSync(key, join(site.dir, 'key.pem'));
  return attempt;
}

const attemptOf = ({ dir }: Site, { code, stdout, stderr }: Ran): Attempt => {
  const path = join(dir, 'client.pem');
  return {
    certificate: code === 0 && existsSync(path) ? readFileSync(path, 'utf8') : undefined,
    said: stdout + stderr,
  };
};
