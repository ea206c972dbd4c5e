/** A whole installation in a temporary folder: CA, configuration, simulated tenant, and the server as often as asked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CrashPoint, crashAt } from './crash.ts';
import { openndes } from './openndes.ts';
import { startTenant, type Tenant } from './tenant.ts';

/** pino's level of a warning; an error has more. */
const WARN = 40;

/** One entry of `certs list --json`. */
export type Listed = { serial: string; state: string; subject: string; thumbprint: string; deliveredAt?: string };

/** One line of the server's log, with what the tests look at. */
export type LogLine = {
  level?: number;
  operation?: string;
  method?: string;
  outcome?: string;
  subject?: string;
  code?: string;
  intuneCode?: string;
};

export type Server = {
  url: string;
  /** The lines about PKIOperation for this subject, when there is one: the log is written after the answer. */
  operations: (subject: string) => Promise<LogLine[]>;
  /** Warnings and errors of the log: no request of a client should cause one. */
  complaints: () => string[];
  /** The end by itself, as at a crash point. */
  gone: Promise<void>;
  stop: () => Promise<number | string | null>;
  kill: () => Promise<number | string | null>;
};

export type Installation = {
  dir: string;
  tenant: Tenant;
  /** Files with the root as `ca export-root` gives it, and with what is under it. */
  root: string;
  chain: string;
  serve: (options?: { crash?: CrashPoint }) => Promise<Server>;
  /** What `certs list --json` says, whether the server runs or not. */
  certificates: () => Promise<Listed[]>;
  remove: () => Promise<void>;
};

/** More than any test issues: the list has pages. */
const ALL = '10000';

/** Everything but the running server. `key` is the key of both CAs. */
export async function install(key: 'rsa-2048' | 'p256'): Promise<Installation> {
  const dir = mkdtempSync(join(tmpdir(), 'openndes-interop-'));
  const config = join(dir, 'openndes.yaml');
  await openndes.output(['init', dir, '--key', key]);
  const tenant = await startTenant(dir);
  writeFileSync(config, configuration(tenant));
  const root = join(dir, 'exported-root.pem');
  writeFileSync(root, await openndes.output(['ca', 'export-root', '--config', config]));
  return {
    dir,
    tenant,
    root,
    chain: join(dir, 'certs/chain.pem'),
    serve: ({ crash } = {}) => serve(config, crash),
    certificates: async () =>
      JSON.parse(await openndes.output(['certs', 'list', '--config', config, '--limit', ALL, '--json'])) as Listed[],
    remove: async () => {
      await tenant.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** JSON is YAML: the tenant goes in as the simulator gave it. */
const configuration = ({ block }: Tenant): string => `
listen: { host: 127.0.0.1, port: 0 }
store: sqlite:./openndes.db
authorities:
  issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: "file:certs/issuing-ca.key.pem", ra: auto }
profiles:
  device: { validity: 365d, keyUsage: [digitalSignature, keyEncipherment], extendedKeyUsage: [clientAuth] }
tenants:
  corp: ${JSON.stringify(block)}
endpoints:
  - { path: /certsrv/mscep/mscep.dll, authority: issuing, profile: device, policy: { intune: corp, notify: strict } }
`;

async function serve(config: string, crash: CrashPoint | undefined): Promise<Server> {
  const server = await openndes.start(['serve', '--config', config], {
    ready: /^Ready: /,
    ...(crash && crashAt(crash)),
  });
  return {
    url: server.line.slice('Ready: '.length),
    operations: (wanted) =>
      server.until(({ stderr }) => {
        const found = logLines(stderr).filter(
          ({ operation, subject }) => operation === 'PKIOperation' && subject === wanted,
        );
        return found.length > 0 ? found : undefined;
      }),
    complaints: () =>
      logLines(server.written.stderr)
        .filter(({ level = 0 }) => level >= WARN)
        .map((line) => JSON.stringify(line)),
    gone: server.gone,
    stop: () => server.end('SIGTERM'),
    kill: () => server.end('SIGKILL'),
  };
}

/** What is not JSON is a warning of Node.js; what does not end yet is half a line. */
const logLines = (text: string): LogLine[] =>
  text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
