/** Where a listener listens: whether this process may, and what to do when it may not. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ConfiguredListener } from '../config/listen.ts';
import { keyText } from '../config/yaml/problems.ts';
import { ConfigError } from '../core/errors.ts';
import { processUser } from './file-guard.ts';

/** The address of a listener. Port 0 is any that is free. */
export type ListenPlace = { host: string; port: number };

/** The key of the configuration that names the port, such as `listen.port` and `listen[1].port`. */
export type ListenKey = `${string}.port`;

/** That of an address of `listen`. */
export const portKey = ({ key }: ConfiguredListener): ListenKey => `${keyText(key)}.port`;

const FAULTS: Readonly<Record<string, (at: string, key: ListenKey) => [what: string, remedy: string]>> = {
  EADDRINUSE: (at, key) => [`${at} is in use by another program`, `Stop it, or choose another \`${key}\`.`],
  EACCES: (at, key) => [
    `${at}: the user ${processUser()} may not listen on this port`,
    `Choose a \`${key}\` above 1023, or grant the port: \`AmbientCapabilities=CAP_NET_BIND_SERVICE\` in systemd.`,
  ],
  EADDRNOTAVAIL: (at, key) => [
    `${at} is no address of this machine`,
    `Correct \`${key.replace(/port$/, 'host')}\`; \`0.0.0.0\` is all addresses.`,
  ],
};

/** The error of `listen` as a ConfigError, where an administrator can do something about it. */
export function listenFault({ host, port }: ListenPlace, key: ListenKey, cause: unknown): unknown {
  const fault = FAULTS[(cause as NodeJS.ErrnoException).code ?? '']?.(`${host}:${port}`, key);
  return fault ? new ConfigError(...fault, { cause }) : cause;
}

/** Throws ConfigError when this process may not listen there. A port in use is no error: the server may be running. */
export async function assertListenable({ host, port }: ListenPlace, key: ListenKey): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw listenFault({ host, port }, key, cause);
  } finally {
    server.close();
  }
}
