/** A whole installation in a temporary folder: CA, configuration, simulated tenant, and the server as often as asked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashPoint } from './crash.ts';
import { configuration } from './endpoints.ts';
import { openndes } from './openndes.ts';
import { type Server, serve } from './server.ts';
import { startTenant, type Tenant } from './tenant.ts';

/** One entry of `certs list --json`. */
export type Listed = { serial: string; state: string; subject: string; thumbprint: string; deliveredAt?: string };

export type Installation = {
  dir: string;
  tenant: Tenant;
  /** Files with the root as `ca export-root` gives it, and with what is under it. */
  root: string;
  chain: string;
  /** A file with the RA, once a server has made it. */
  ra: string;
  /** A file with the CAs that will take the place of these. */
  nextChain: string;
  serve: (options?: { crash?: CrashPoint }) => Promise<Server>;
  /** What `certs list --json` says, whether the server runs or not. */
  certificates: () => Promise<Listed[]>;
  /** Approves the one waiting request for this subject, as an administrator does. */
  approve: (subject: string) => Promise<void>;
  revoke: (serial: string) => Promise<void>;
  remove: () => Promise<void>;
};

/** More than any test issues: the list has pages. */
const ALL = '10000';

/** Everything but the running server. `key` is the key of both CAs; `write` writes the configuration. */
export async function install(
  key: 'rsa-2048' | 'p256',
  write: (tenant: Tenant) => string = configuration,
): Promise<Installation> {
  const dir = mkdtempSync(join(tmpdir(), 'openndes-interop-'));
  const config = join(dir, 'openndes.yaml');
  await openndes.output(['init', dir, '--key', key]);
  await openndes.output(['init', join(dir, 'next'), '--key', 'p256', '--organisation', 'Next']);
  const tenant = await startTenant(dir);
  writeFileSync(config, write(tenant));
  const certs = (...command: string[]) => openndes.output(['certs', ...command, '--config', config]);
  const root = join(dir, 'exported-root.pem');
  writeFileSync(root, await openndes.output(['ca', 'export-root', '--config', config]));
  return {
    dir,
    tenant,
    root,
    chain: join(dir, 'certs/chain.pem'),
    ra: join(dir, 'certs/ra.pem'),
    nextChain: join(dir, 'next/certs/chain.pem'),
    serve: (options) => serve(config, options),
    certificates: async () => JSON.parse(await certs('list', '--limit', ALL, '--json')) as Listed[],
    approve: async (wanted) => {
      const waiting = JSON.parse(await certs('pending', '--json')) as { id: string; subject: string }[];
      await certs('approve', waiting.find(({ subject }) => subject === wanted)?.id ?? wanted);
    },
    revoke: async (serial) => void (await certs('revoke', serial)),
    remove: async () => {
      await tenant.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
