/** A realm of Kerberos with a KDC of MIT, and Apache with mod_auth_gssapi before a web service: those of Debian, and neither runs as root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientIdentity } from '../../src/outbound/tls-trust.ts';
import { output } from '../interop/kit/children.ts';
import { accepts, freePort } from '../kit/ports.ts';
import { until } from '../kit/until.ts';

/** The realm of the tests. */
export const REALM = 'OPENNDES.TEST';
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** `folder`: of its files; `environment`: what its clients and services need. */
export type Realm = {
  folder: string;
  environment: Readonly<Record<string, string>>;
  /** Makes principals, and puts their keys into this file. */
  principals: (keytab: string, ...names: readonly string[]) => Promise<string>;
  /** Starts and ends the KDC. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
  close: () => Promise<void>;
};

/** Makes a realm in a folder of its own, whose KDC does not run yet. */
export async function realRealm(): Promise<Realm> {
  const folder = mkdtempSync('/var/tmp/openndes-kerberos-run-');
  const port = await freePort();
  const environment = {
    KRB5_CONFIG: written(folder, 'krb5.conf', clientConfiguration(port)),
    KRB5_KDC_PROFILE: written(folder, 'kdc.conf', kdcConfiguration(folder, port)),
    KRB5RCACHENAME: `file2:${join(folder, 'replays')}`,
  };
  await output('/usr/sbin/kdb5_util', ['create', '-s', '-r', REALM, '-P', 'of the test'], { env: environment });
  let stop = async (): Promise<void> => undefined;
  const kadmin = (question: string) =>
    output('/usr/sbin/kadmin.local', ['-r', REALM, '-q', question], { env: environment });
  return {
    folder,
    environment,
    async principals(keytab, ...names) {
      const path = join(folder, keytab);
      for (const name of names) {
        await kadmin(`addprinc -randkey ${name}`);
        await kadmin(`ktadd -k ${path} ${name}`);
      }
      return path;
    },
    async start() {
      await given(folder);
      stop = await listening(port, '/usr/sbin/krb5kdc', ['-n', '-r', REALM, '-P', join(folder, 'kdc.pid')], {
        folder,
        env: environment,
      });
    },
    stop: () => stop(),
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const written = (folder: string, name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o644 });
  return join(folder, name);
};

/** Everything in the folder belongs to the user that the programs run as. */
async function given(folder: string): Promise<void> {
  if (NOBODY.uid !== undefined) await output('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, folder]);
}

const clientConfiguration = (port: number): string => `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  localhost = ${REALM}
`;

const kdcConfiguration = (folder: string, port: number): string => `[kdcdefaults]
  kdc_listen = ""
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${REALM} = {
    database_name = ${join(folder, 'principals')}
    key_stash_file = ${join(folder, 'stash')}
  }
[logging]
  kdc = STDERR
`;

type Surroundings = { folder: string; env: Readonly<Record<string, string>> };

/** Starts a program, which listens there when this resolves; the result ends it. Throws with its words when it does not. */
async function listening(port: number, program: string, args: readonly string[], { folder, env }: Surroundings) {
  const logFile = join(folder, `${port}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log], ...NOBODY });
  closeSync(log);
  const end = async (): Promise<void> => {
    const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
    child.kill();
    await ended;
  };
  const what = (): string => `${program} listens: ${readFileSync(logFile, 'utf8')}`;
  await until(() => accepts(port), what, { within: 30_000 }).catch(async (cause: unknown) => {
    await end();
    throw cause;
  });
  return end;
}

/** `to`: the address behind, with certificates of `ca`, PEM. `user`: who may, of the realm. */
export type Guard = { keytab: string; user: string; to: string; ca: string; tls: ClientIdentity };

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'auth_gssapi', 'ssl', 'proxy', 'proxy_http'];

/** Apache over HTTPS at `url`, which lets one user pass. `log`: what it wrote. */
export async function realGuard({ folder, environment }: Realm, { keytab, user, to, ca, tls }: Guard) {
  const port = await freePort();
  const file = (name: string, text: string): string => written(folder, `${port}-${name}`, text);
  const configuration = file(
    'apache.conf',
    `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${join(folder, `${port}.pid`)}
DefaultRuntimeDir ${folder}
Mutex file:${folder} default
ErrorLog ${join(folder, `${port}.errors`)}
SSLEngine on
SSLCertificateFile ${file('tls.pem', tls.certificate)}
SSLCertificateKeyFile ${file('tls.key', tls.key)}
SSLProxyEngine on
SSLProxyVerify require
SSLProxyCACertificateFile ${file('ca.pem', ca)}
ProxyPass / ${to}/
ProxyPreserveHost On
<Location "/">
  AuthType GSSAPI
  AuthName "Kerberos"
  GssapiCredStore keytab:${keytab}
  GssapiAllowedMech krb5
  GssapiSSLonly On
  Require user ${user}@${REALM}
</Location>
`,
  );
  await given(folder);
  const args = ['-X', '-d', folder, '-f', configuration];
  const close = await listening(port, '/usr/sbin/apache2', args, { folder, env: environment });
  return { url: `https://localhost:${port}`, log: () => readFileSync(join(folder, `${port}.errors`), 'utf8'), close };
}
