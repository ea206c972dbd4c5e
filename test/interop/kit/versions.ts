/** Which versions of the real clients are installed, as they or their files say themselves. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.ts';
import { certmonger } from './certmonger.ts';
import { jscep } from './jscep.ts';
import { micromdm } from './micromdm.ts';
import { strongswan } from './strongswan.ts';

const LIBRARIES = join(import.meta.dirname, '../jscep/target/lib');

/** The first group of the pattern in what a program writes. Throws when it does not match. */
async function written(command: string, args: readonly string[], pattern: RegExp): Promise<string> {
  const { stdout, stderr } = await run(command, args);
  const version = pattern.exec(stdout + stderr)?.[1];
  if (version === undefined) throw new Error(`${command} ${args.join(' ')} names no version: ${stdout}${stderr}`);
  return version;
}

/** jscep and BouncyCastle, by the names of their libraries. */
function libraries(): string {
  const names = readdirSync(LIBRARIES).map((file) => /^(jscep|bcprov)-(?:jdk\w+-)?([\d.]+)\.jar$/.exec(file));
  const versions = new Map(names.flatMap((match) => (match ? [[match[1], match[2]]] : [])));
  return `${versions.get('jscep')}, BouncyCastle ${versions.get('bcprov')}`;
}

/** By the names of the clients, and `openssl`, which judges the certificates. */
export const versions = async (): Promise<Record<string, string>> => ({
  [strongswan.name]: await written('pki', ['--help'], /strongSwan (\S+)/),
  [certmonger.name]: await written('certmonger', ['-v'], /certmonger (\d\S*)/),
  // By itself it says `unknown`, because it was not built by its makers.
  [micromdm.name]: await written('sh', ['-c', 'go version -m "$(command -v scepclient)"'], /^\s*mod\s+\S+\s+v(\S+)/m),
  [jscep.name]: libraries(),
  openssl: await written('openssl', ['version'], /OpenSSL (\S+)/),
});
