/** The real nginx with docker/nginx.conf, whose addresses are those of the tests. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startNginxWith } from './proxy-process.ts';

const CONFIGURATION = join(import.meta.dirname, '..', '..', 'docker', 'nginx.conf');

/** The ports on this machine: its own, and those of both replicas. */
export type NginxPorts = { own: number; replicas: readonly [number, number] };

/** Resolves when it accepts connections. */
export async function startNginx({ own, replicas: [a, b] }: NginxPorts): Promise<{ stop: () => Promise<void> }> {
  const folder = mkdtempSync('/var/tmp/openndes-nginx-');
  const blocks = readFileSync(CONFIGURATION, 'utf8')
    .replace('172.30.80.11:8080', `127.0.0.1:${a}`)
    .replace('172.30.80.12:8080', `127.0.0.1:${b}`)
    .replace('listen 8080', `listen 127.0.0.1:${own}`);
  const nginx = await startNginxWith(folder, own, blocks);
  return {
    async stop() {
      await nginx.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
