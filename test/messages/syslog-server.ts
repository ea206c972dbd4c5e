/** A receiver of syslog over TLS, in this process. */
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import type { TestContext } from 'node:test';

/** `got`: the messages, one for each frame. `shown`: whether each client showed a certificate, where it was asked for one. `answer.takes`: whether it closes the connection after it has read everything. */
export async function syslogServer(t: Pick<TestContext, 'after'>, tls: TlsOptions) {
  const got: string[] = [];
  const answer = { takes: true };
  const shown: boolean[] = [];
  const server = createServer({ ...tls, allowHalfOpen: true }, (socket) => {
    const chunks: Buffer[] = [];
    shown.push(socket.getPeerCertificate().raw !== undefined);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
    socket.on('end', () => {
      if (!answer.takes) return;
      got.push(...framesIn(Buffer.concat(chunks)));
      socket.end();
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { got, answer, shown, port: (server.address() as AddressInfo).port };
}

/** By the length before each (RFC 5425 4.3). Throws when they do not fit. */
export function framesIn(octets: Buffer): string[] {
  const frames: string[] = [];
  for (let rest = octets; rest.length > 0; ) {
    const space = rest.indexOf(' ');
    const length = Number(rest.subarray(0, space));
    if (!(length > 0) || rest.length < space + 1 + length)
      throw new Error(`no frame: ${rest.subarray(0, 80).toString()}`);
    frames.push(rest.subarray(space + 1, space + 1 + length).toString());
    rest = rest.subarray(space + 1 + length);
  }
  return frames;
}
