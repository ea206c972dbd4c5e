/** The socket to a server of PostgreSQL, with TLS where it is wanted (PostgreSQL manual 55.2.11). */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { PostgresPlace } from '../core/postgres-place.ts';

/** One host of a place, and the place. */
export type PostgresServer = { server: PostgresPlace['hosts'][number]; tls: PostgresPlace['tls'] };

/** Milliseconds. */
const TIMEOUT = 5_000;
/** A length of eight octets, and the code of the request. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const WILLING = 'S'.charCodeAt(0);

/**
 * For the option `socket` of the package `postgres`: one socket and no further one. The package asks for another, without
 * a pause and without end, when a connection is closed before it is ready, as proxies do whose database is down.
 */
export function oneSocket(to: PostgresServer): () => Promise<Socket> {
  let asked = false;
  return async () => {
    if (asked) throw failure('CONNECTION_CLOSED');
    asked = true;
    return openSocket(to);
  };
}

async function openSocket({ server, tls }: PostgresServer): Promise<Socket> {
  const { host, port } = server;
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port });
  const timer = setTimeout(() => socket.destroy(failure('CONNECT_TIMEOUT')), TIMEOUT);
  try {
    await once(socket, 'connect');
    return tls ? await secured(socket, host, tls) : socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The certificate is verified by the host of the URL, also where that is an IP address. */
async function secured(
  plain: Socket,
  host: string,
  { rootCertificate }: NonNullable<PostgresPlace['tls']>,
): Promise<Socket> {
  plain.write(SSL_REQUEST);
  if ((await firstOctet(plain)) !== WILLING) throw failure('NO_TLS');
  const socket = connectTls({
    socket: plain,
    ...(isIP(host) === 0 && { servername: host }),
    ...(rootCertificate !== undefined && { ca: readFileSync(rootCertificate) }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** No octet after it is accepted: it would be from before TLS. */
async function firstOctet(socket: Socket): Promise<number | undefined> {
  const ended = once(socket, 'close').then(() => {
    throw failure('CONNECTION_CLOSED');
  });
  const [octets] = (await Promise.race([once(socket, 'data'), ended])) as [Buffer];
  return octets.length === 1 ? octets[0] : undefined;
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });
