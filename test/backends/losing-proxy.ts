/** A TCP proxy of loopback in front of a service: it can lose the next answer, and be cut off. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `port`: its own. `loseAnswer`: of the next request on a connection that is open now. `cut`: nothing comes through any more. */
export type LosingProxy = { port: number; loseAnswer: () => void; cut: () => void };

/** In front of this port. */
export async function losingProxy(target: number): Promise<LosingProxy> {
  const open = new Set<Socket>();
  let losing = false;
  const server = createServer((client) => {
    const service = connect(target, '127.0.0.1');
    const end = (): void => [client, service].forEach((socket) => void socket.destroy());
    for (const socket of [client, service]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => (open.delete(socket), end()));
    }
    client.pipe(service);
    service.on('data', (octets: Buffer) => {
      if (losing) end();
      else client.write(octets);
      losing = false;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    loseAnswer: () => void (losing = true),
    cut() {
      server.close();
      open.forEach((socket) => void socket.destroy());
    },
  };
}
