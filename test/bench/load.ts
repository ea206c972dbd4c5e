/** The generator: so many connections, each with one request after the other, over loopback. */
import { Agent, request as httpRequest } from 'node:http';

/** A CertRep of a certificate is more than 2,000 octets; a FAILURE is less: a refused corpus must not look fast. */
const LEAST_SUCCESS = 2000;

/** Kept-alive connections to one server. */
export const connectionsTo = (count: number): Agent => new Agent({ keepAlive: true, maxSockets: count });

/** Sends them all. Returns the milliseconds of each, and of all of them together. */
export async function load(
  agent: Agent,
  port: number,
  messages: readonly Uint8Array[],
  path = '/scep',
): Promise<{ latencies: number[]; elapsed: number }> {
  const latencies: number[] = [];
  const started = performance.now();
  let next = 0;
  const connection = async (): Promise<void> => {
    while (next < messages.length) {
      const at = performance.now();
      await post({ agent, port, path }, messages[next++]!);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: agent.maxSockets }, connection));
  return { latencies, elapsed: performance.now() - started };
}

function post({ agent, port, path }: { agent: Agent; port: number; path: string }, message: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { agent, port, host: '127.0.0.1', path: `${path}?operation=PKIOperation`, method: 'POST' },
      (response) => {
        let octets = 0;
        response.on('data', (chunk: Buffer) => (octets += chunk.length));
        response.on('end', () =>
          response.statusCode === 200 && octets > LEAST_SUCCESS
            ? resolve()
            : reject(new Error(`HTTP ${response.statusCode}, ${octets} octets`)),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(message);
  });
}
