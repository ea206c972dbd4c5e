/** A server whose store is a file, so that a test can start it again. */
import type { TestContext } from 'node:test';
import { createServer } from '../../src/embed/embed.ts';
import type { EndpointOptions } from '../../src/embed/enrollment.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { PATH } from './endpoint-under-test.ts';
import { keptLog } from './log.ts';
import { issuing, ra, random, root } from './pki.ts';

/** What decides and issues at its one endpoint. */
type Choice = Pick<EndpointOptions, 'policy' | 'issuer' | 'revoker'>;

/** A server on this file, until the end of the test. Its background work runs every 10 ms. */
export async function serverOnFile(t: TestContext, path: string, choice: Choice, clock: () => Date) {
  const store = await openSqliteStore({ path, clock });
  const log = keptLog();
  const chain = [issuing.certificate, root.certificate];
  const server = await createServer({
    endpoints: [{ path: PATH, ra, chain, signingTime: 'off', ...choice }],
    store,
    logger: log,
    clock,
    random,
    notificationInterval: 10,
  });
  const stop = async (): Promise<void> => {
    await server.close();
    await store.close();
  };
  t.after(stop);
  const url = `${await server.listen({ port: 0, host: '127.0.0.1' })}${PATH}`;
  const logged = async (event: string): Promise<void> => {
    while (!log.lines.some((line) => line.includes(`"event":"${event}"`))) await log.next();
  };
  return { url, store, stop, logged };
}
