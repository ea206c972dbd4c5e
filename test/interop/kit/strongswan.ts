/** strongSwan's `pki --scepca` and `pki --scep`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, run } from './children.ts';
import { type Attempt, type Client, dnsName, missing, type Site } from './client.ts';

const PACKAGES = 'strongswan-pki libstrongswan-extra-plugins libstrongswan-standard-plugins';

export const strongswan: Client = {
  name: 'strongSwan',
  method: 'POST',
  saysBadRequest: /failInfo:\s+badRequest/,
  // It writes the components in the order in which they are given, which RFC 4514 shows the other way round.
  asks: (device) => ({ subject: `CN=${device},O=Test,C=CH`, san: [`dns:${dnsName(device)}`], keyLength: 2048 }),
  check,
  enrol,
};

async function check(): Promise<void> {
  const { stdout, stderr } = await run('pki', ['--help']).catch(() => {
    throw missing('strongSwan `pki`', PACKAGES);
  });
  // `curl` is what lets it speak HTTP, and comes in another package than `pki`.
  if (!/loaded plugins: .*\bcurl\b/.test(stdout + stderr)) throw missing('the curl plugin of strongSwan', PACKAGES);
}

async function enrol(site: Site, device: string, challenge: string): Promise<Attempt> {
  const { key, trust } = await prepare(site);
  const names = ['--dn', `C=CH, O=Test, CN=${device}`, '--san', dnsName(device), '--password', challenge];
  const algorithms = ['--cipher', 'aes', '--digest', 'sha256', '--outform', 'pem'];
  const args = ['--scep', '--url', site.url, '--in', key, ...names, ...trust, ...algorithms];
  const { code, stdout, stderr } = await run('pki', args);
  return { certificate: code === 0 ? stdout : undefined, said: stderr };
}

/** Reads the CA certificates, which it verifies, and makes a key. */
async function prepare({ url, dir }: Site): Promise<{ key: string; trust: string[] }> {
  const [key, ra, root] = ['key.pem', 'ra.pem', 'ca.pem'].map((name) => join(dir, name)) as [string, string, string];
  await output('pki', ['--scepca', '--url', url, '--caout', root, '--raout', ra, '--outform', 'pem', '--force']);
  // It numbers the certificates of one kind: the root is ca.pem, the issuing CA ca-1.pem.
  const issuing = join(dir, 'ca-1.pem');
  if (!existsSync(issuing)) throw new Error(`pki --scepca wrote no issuing CA: ${readFileSync(root, 'utf8')}`);
  await output('openssl', ['genrsa', '-out', key, '2048']);
  return { key, trust: ['--cacert-enc', ra, '--cacert-sig', ra, '--cacert', root, '--cacert', issuing] };
}
