/** `metrics`: the listener of Prometheus. */
import { startServer } from '../../src/app/configured-server.ts';
import { freePort } from '../kit/ports.ts';
import { atEnd } from './files.ts';
import type { Row } from './row.ts';
import { configured, statusAt } from './server.ts';

async function metricsPort(metrics: object): Promise<string> {
  const server = await startServer(configured({ metrics }), { logLevel: 'silent', workers: 1 });
  atEnd(() => server.close());
  return new URL(server.metricsUrl ?? '').port;
}

const metricsAt = (host: string, port: number | string): Promise<number | 'closed'> =>
  statusAt(`http://${host}:${port}/metrics`).catch(() => 'closed' as const);

export const MEASURING: readonly Row[] = [
  {
    keys: ['metrics.host'],
    question: 'what answers at 127.0.0.1 and at 127.0.0.2',
    ask: async (host) => {
      const port = await metricsPort({ host, port: 0 });
      return [await metricsAt('127.0.0.1', port), await metricsAt('127.0.0.2', port)];
    },
    answers: { '127.0.0.1': [200, 'closed'], '127.0.0.2': ['closed', 200] },
  },
  {
    keys: ['metrics.port'],
    question: 'what answers at the port of the file',
    ask: async () => {
      const port = await freePort();
      await metricsPort({ port });
      return metricsAt('127.0.0.1', port);
    },
    answers: { 'a free port': 200 },
  },
];
