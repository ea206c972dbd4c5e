/** strongSwan's `pki --scepca` and `pki --scep`. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, run } from './children.ts';
import { apt, type Attempt, dnsName, type Foreign, missing, type Site } from './client.ts';
import { fingerprints } from './pem.ts';

const PACKAGES = 'strongswan-pki libstrongswan-extra-plugins libstrongswan-standard-plugins';

export const strongswan: Foreign = {
  name: 'strongSwan',
  method: 'POST',
  legacy: false,
  saysBadRequest: /failInfo:\s+badRequest/,
  keepsOrder: false,
  // Version 5.9.8 takes the number of a capability for its bit, and so finds POST where there is AES.
  withoutPost: 'POST',
  sends: { renewal: 'RenewalReq', poll: 'CertPoll' },
  // It writes the components in the order in which they are given, which RFC 4514 shows the other way round.
  asks: (device) => ({ subject: `CN=${device},O=Test,C=CH`, san: [`dns:${dnsName(device)}`], keyLength: 2048 }),
  check,
  authorities: async (site) =>
    fingerprints(
      Object.values(await authorities(site))
        .map(read)
        .join(''),
    ),
  enroll,
  renew,
};

async function check(): Promise<void> {
  const { stdout, stderr } = await run('pki', ['--help']).catch(() => {
    throw missing('strongSwan `pki`', apt(PACKAGES));
  });
  // It needs `curl` for HTTP, which is in another package than `pki`.
  if (!/loaded plugins: .*\bcurl\b/.test(stdout + stderr))
    throw missing('the curl plugin of strongSwan', apt(PACKAGES));
}

const read = (path: string): string => readFileSync(path, 'utf8');

async function enroll(site: Site, device: string, challenge: string): Promise<Attempt> {
  const key = join(site.dir, 'key.pem');
  await output('openssl', ['genrsa', '-out', key, '2048']);
  return request(site, device, key, ['--password', challenge]);
}

/** `--cert` and `--key` make it a RenewalReq; `--in` is the new key. */
async function renew(site: Site, device: string): Promise<Attempt> {
  const [key, old, certificate] = ['new.pem', 'key.pem', 'cert.pem'].map((name) => join(site.dir, name)) as [
    string,
    string,
    string,
  ];
  await output('openssl', ['genrsa', '-out', key, '2048']);
  const attempt = await request(site, device, key, ['--cert', certificate, '--key', old]);
  if (attempt.certificate) renameSync(key, old);
  return attempt;
}

/** It asks every second what became of a request, for half a minute. */
const PATIENCE = ['--interval', '1', '--maxpolltime', '30'];

async function request(site: Site, device: string, key: string, permission: readonly string[]): Promise<Attempt> {
  const { ra, root, issuing } = await authorities(site);
  const trust = ['--cacert-enc', ra, '--cacert-sig', ra, '--cacert', root, '--cacert', issuing];
  const names = ['--dn', `C=CH, O=Test, CN=${device}`, '--san', dnsName(device)];
  const algorithms = ['--cipher', 'aes', '--digest', 'sha256', '--outform', 'pem'];
  const args = [
    '--scep',
    '--url',
    site.url,
    '--in',
    key,
    ...names,
    ...permission,
    ...trust,
    ...algorithms,
    ...PATIENCE,
  ];
  const { code, stdout, stderr } = await run('pki', args);
  if (code === 0) writeFileSync(join(site.dir, 'cert.pem'), stdout);
  return { certificate: code === 0 ? stdout : undefined, said: stderr };
}

/** The files of the certificates that it read and verified. It prints the root first. */
async function authorities({ url, dir }: Site): Promise<{ ra: string; issuing: string; root: string }> {
  const [ra, root] = ['ra.pem', 'ca.pem'].map((name) => join(dir, name)) as [string, string];
  await output('pki', ['--scepca', '--url', url, '--caout', root, '--raout', ra, '--outform', 'pem', '--force']);
  // It numbers the certificates of one kind: the root is ca.pem, the issuing CA ca-1.pem.
  const issuing = join(dir, 'ca-1.pem');
  if (!existsSync(issuing)) throw new Error(`pki --scepca wrote no issuing CA: ${read(root)}`);
  return { ra, issuing, root };
}
