/** What a server of PostgreSQL is told before it has accepted a client (PostgreSQL manual 55.2). */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { startServer } from '../../src/app/configured-server.ts';
import { credential } from './receiver.ts';
import { configured } from './server.ts';

/** Asks for a password in clear: AuthenticationCleartextPassword. */
const ASK = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
/** The code of an SSLRequest, after its length. */
const SSL_REQUEST = 80_877_103;

const octets = async (socket: Socket): Promise<Buffer> => (await once(socket, 'data'))[0] as Buffer;

/** User, database and password of this client, which is then cut off. */
async function greeted(plain: Socket): Promise<string[]> {
  let socket = plain;
  let startup = await octets(socket);
  if (startup.readInt32BE(4) === SSL_REQUEST) {
    socket.write('S');
    const secureContext = createSecureContext({ key: credential.key, cert: credential.certificate });
    socket = new TLSSocket(plain, { isServer: true, secureContext });
    startup = await octets(socket);
  }
  // Names and values in turn, after eight octets of length and version.
  const words = startup.toString('utf8', 8).split('\0');
  socket.write(ASK);
  const password = (await octets(socket)).toString('utf8', 5).replace(/\0$/, '');
  socket.destroy();
  return [...['user', 'database'].map((name) => words[words.indexOf(name) + 1] ?? ''), password];
}

/**
 * Starts a server of ours with this store. Returns user, database and password as the database server sees them, or
 * the sentence with which the server does not start.
 */
export async function postgresTold(storeAt: (port: number) => unknown): Promise<unknown> {
  const database = createServer().listen(0, '127.0.0.1');
  const told = new Promise<string[]>((resolve, reject) => {
    database.on('connection', (socket) => {
      socket.on('error', () => {});
      void greeted(socket).then(resolve, reject);
    });
  });
  // Expected: of a client that hangs up first.
  told.catch(() => {});
  await once(database, 'listening');
  const file = configured({ store: storeAt((database.address() as AddressInfo).port) });
  const refused = startServer(file).then(
    () => 'started',
    (error: Error) => error.message.replace(/^\S+\.yaml\S+ /, '').replace(/:\d+/, ''),
  );
  try {
    return await Promise.race([told.catch(() => refused), refused.then((text) => text)]);
  } finally {
    database.close();
  }
}
