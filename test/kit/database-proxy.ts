/**
 * A TCP proxy in front of PostgreSQL that sees commits go by (PostgreSQL manual 55.2 and 55.7) and cuts the connection at them.
 * Without TLS only.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * What becomes of a commit: it is passed on; it does not reach the database; it reaches it and its answer does not come back;
 * or the connection is cut so many milliseconds after it was passed on.
 */
export type Fate = 'passes' | 'is lost' | 'answer is lost' | { cutAfter: number };

export type DatabaseProxy = {
  port: number;
  /** Asked at each commit, with the statements of its transaction; all pass when absent. */
  atCommit: ((statements: readonly string[]) => Fate) | undefined;
  /** Called when a commit was lost, or its answer. */
  atCut: (() => void) | undefined;
  /** Called at each statement. */
  atStatement: ((statement: string) => void) | undefined;
  /** Cuts every connection that is open now. */
  cut: () => void;
  /** While true no new connection reaches the database. */
  down: boolean;
  close: () => Promise<void>;
};

/** In front of the database at this port of this machine. */
export async function databaseProxy(target: number): Promise<DatabaseProxy> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    if (proxy.down) client.destroy();
    else passOn(client, connect(target, '127.0.0.1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: DatabaseProxy = {
    port: (server.address() as AddressInfo).port,
    atCommit: undefined,
    atCut: undefined,
    atStatement: undefined,
    down: false,
    cut: () => open.forEach((socket) => void socket.destroy()),
    async close() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };

  function passOn(client: Socket, database: Socket): void {
    const cut = (): void => [client, database].forEach((socket) => void socket.destroy());
    for (const socket of [client, database]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => {
        open.delete(socket);
        cut();
      });
    }
    const requests = requestReader((statement) => proxy.atStatement?.(statement));
    const lose = (): void => {
      proxy.atCut?.();
      cut();
    };
    let losing = false;
    client.on('data', (octets: Buffer) => {
      const statements = requests(octets);
      const fate = (statements && proxy.atCommit?.(statements)) ?? 'passes';
      if (fate === 'is lost') return lose();
      losing = fate === 'answer is lost';
      database.write(octets);
      if (typeof fate === 'object') void pause(fate.cutAfter).then(cut);
    });
    database.on('data', (octets: Buffer) => {
      // CommandComplete has the command as text.
      if (losing && octets.includes('COMMIT\0')) lose();
      else client.write(octets);
    });
  }

  return proxy;
}

const QUERY = 'Q'.charCodeAt(0);
const PARSE = 'P'.charCodeAt(0);
const BIND = 'B'.charCodeAt(0);

/**
 * Reads what a client sends, in parts as they come. Returns the statements of a transaction when its commit has come: all
 * since its `begin`.
 */
function requestReader(seen: (statement: string) => void): (octets: Buffer) => readonly string[] | undefined {
  const prepared = new Map<string, string>();
  let unread: Buffer = Buffer.of();
  let statements: string[] = [];
  // The octet for the type, which the first message does not have.
  let typed = 0;

  /** The next whole message, without its length. */
  function next(): { type: number | undefined; content: Buffer } | undefined {
    if (unread.length < typed + 4) return undefined;
    const end = typed + unread.readUInt32BE(typed);
    if (unread.length < end) return undefined;
    const message = { type: typed ? unread[0] : undefined, content: unread.subarray(typed + 4, end) };
    unread = unread.subarray(end);
    typed = 1;
    return message;
  }

  return (octets) => {
    unread = Buffer.concat([unread, octets]);
    let committed: readonly string[] | undefined;
    for (let message = next(); message; message = next()) {
      const [first = '', second = ''] = message.content.toString('utf8').split('\0', 2);
      if (message.type === PARSE) prepared.set(first, second);
      const text = message.type === QUERY ? first : message.type === BIND ? prepared.get(second) : undefined;
      if (text === undefined) continue;
      seen(text);
      if (text.startsWith('begin')) statements = [];
      statements.push(text);
      if (text === 'commit') committed = statements;
    }
    return committed;
  };
}
