/** An installation with a strict, an outbox and a one-time endpoint, on any store, and what is recorded in it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Installation, install } from './installation.ts';
import { openndes } from './openndes.ts';
import { type Server, serve } from './server.ts';
import { passwordFor, TOKEN } from '../../wiring/administrator.ts';
import { freePort } from '../../kit/ports.ts';

/** The path of each endpoint is its name. */
export const KINDS = ['strict', 'outbox', 'password'] as const;
export type Kind = (typeof KINDS)[number];

/** A started server. `origin` has no slash at its end. */
export type FleetServer = Server & { origin: string; adminUrl: string };

export type Fleet = Installation & {
  /** Starts a server; each of several on one store has a name, and may reach the store in its own way. */
  start: (name?: string, ownStore?: unknown) => Promise<FleetServer>;
  /** A one-time password of a running server. */
  password: (server: FleetServer) => Promise<string>;
  /** What `openndes notifications list` shows. */
  waiting: () => Promise<readonly { mode: string; error?: string }[]>;
  /** What `openndes store check` says. Throws when it finds a fault. */
  check: () => Promise<string>;
};

/** `store`: as in the configuration. */
export async function fleetOn(store: unknown): Promise<Fleet> {
  const configuration = (block: object, adminPort: number, ownStore = store): string =>
    stringify({
      listen: { host: '127.0.0.1', port: 0, drain: 0, workers: 2 },
      admin: { port: adminPort, token: TOKEN },
      store: ownStore,
      authorities: {
        issuing: {
          certificate: 'certs/issuing-ca.pem',
          chain: 'certs/chain.pem',
          key: 'file:certs/issuing-ca.key.pem',
          ra: 'auto',
        },
      },
      tenants: { corp: block },
      endpoints: [
        { path: '/strict', policy: { intune: 'corp', notify: 'strict' } },
        { path: '/outbox', policy: { intune: 'corp', notify: 'outbox' } },
        { path: '/password', policy: { oneTime: { max: 10_000 } } },
      ],
    });
  const installation = await install('p256', ({ block }) => configuration(block, 0));
  const { dir, tenant } = installation;
  const command = (...words: string[]): Promise<string> =>
    openndes.output([...words, '--config', join(dir, 'openndes.yaml')]);
  const started: FleetServer[] = [];
  return {
    ...installation,
    async remove() {
      for (const server of started) await server.kill();
      await installation.remove();
    },
    async start(name = 'server', ownStore = store) {
      const port = await freePort();
      const config = join(dir, `${name}.yaml`);
      writeFileSync(config, configuration(tenant.block, port, ownStore));
      const server = await serve(config);
      started.push({ ...server, origin: new URL(server.url).origin, adminUrl: `http://127.0.0.1:${port}` });
      return started.at(-1)!;
    },
    async password({ adminUrl }) {
      const { challenge } = await passwordFor(adminUrl, '/password');
      if (challenge === undefined) throw new Error('there is no one-time password');
      return challenge;
    },
    waiting: async () =>
      JSON.parse(await command('notifications', 'list', '--json')) as Awaited<ReturnType<Fleet['waiting']>>,
    check: () => command('store', 'check'),
  };
}
