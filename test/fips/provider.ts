/** The FIPS provider of OpenSSL, and the configurations with which Node.js uses it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where `.ci/run` unpacks Debian's openssl-provider-fips. */
const MODULES = join(import.meta.dirname, 'target/usr/lib/x86_64-linux-gnu/ossl-modules');

/** Whether the provider pads and removes padding with RSA PKCS#1 v1.5, `rsa-pkcs15-pad-disabled`. */
export type Pkcs1 = 'allow' | 'refuse';

/** Environment variables for a process in FIPS mode. `folder`: where the configuration of OpenSSL is written. Throws when there is no provider. */
export function fipsEnvironment(folder: string, pkcs1: Pkcs1): NodeJS.ProcessEnv {
  const module = join(MODULES, 'fips.so');
  if (!existsSync(module)) throw new Error(`${module} is missing: .ci/run installs it, see its function \`fips\``);
  mkdirSync(folder, { recursive: true });
  const [installed, config] = [join(folder, 'fips.cnf'), join(folder, 'openssl.cnf')];
  execFileSync('openssl', ['fipsinstall', '-quiet', '-module', module, '-out', installed]);
  // As `-rsa_pkcs15_pad_disabled` of OpenSSL 3.4 and newer writes it; the command of Debian 12 is older.
  const disabled = `rsa-pkcs15-pad-disabled = ${pkcs1 === 'refuse' ? 1 : 0}`;
  writeFileSync(installed, `${readFileSync(installed, 'utf8')}${disabled}\n`);
  writeFileSync(config, nodeConfiguration(installed));
  return { ...process.env, OPENSSL_MODULES: MODULES, OPENSSL_CONF: config };
}

/** As docs/fips.md has it. */
const nodeConfiguration = (installed: string): string => `config_diagnostics = 1
nodejs_conf = nodejs_init
.include ${installed}

[nodejs_init]
providers = providers
alg_section = algorithms

[providers]
fips = fips_sect
base = base_sect

[base_sect]
activate = 1

[algorithms]
default_properties = fips=yes
`;
