/** Sends octets over a TLS connection of their own, and knows that the other side has read them to the end. */
import { connect, type ConnectionOptions } from 'node:tls';
import { VERIFIED } from './tls-trust.ts';

/** `trust`: PEM of the CAs to trust; the public ones when absent. `certificate` and `key`: PEM, of this client. `timeout`: milliseconds. */
export type TlsReceiver = {
  host: string;
  port: number;
  trust?: readonly string[] | undefined;
  certificate?: string | undefined;
  key?: string | undefined;
  timeout: number;
};

/** Milliseconds after which a receiver that sends no ticket has looked at the certificate of the client. */
const LOOKED_AFTER = 300;

/**
 * Resolves when the other side has closed the connection after everything was sent: then it has read all of it. Rejects with the
 * cause otherwise; it may have read a part.
 */
export function sendOverTls(place: TlsReceiver, octets: Uint8Array): Promise<void> {
  const { host, port, timeout } = place;
  return new Promise((resolve, reject) => {
    let began = false;
    let sent = false;
    const socket = connect(connecting(place));
    const fail = (error: Error): void => {
      socket.destroy();
      reject(new Error(`${host}:${port}: ${error.message}`, { cause: error }));
    };
    const timer = setTimeout(() => fail(new Error(`not read within ${timeout} ms`)), timeout);
    const begin = (): void => {
      if (began || socket.destroyed || socket.readableEnded) return;
      began = true;
      socket.end(octets, () => (sent = true));
    };
    // In TLS 1.3 the client is done before the other side has looked at its certificate: then a ticket comes, or the end.
    socket.on('secureConnect', () => {
      // Not at once: the event comes from within the reading of a record.
      socket.on('session', () => setImmediate(begin));
      setTimeout(begin, LOOKED_AFTER).unref();
    });
    // What the other side says means nothing in this protocol; it has to be read for the end to be seen.
    socket.resume();
    socket.on('error', fail);
    socket.on('close', () => {
      clearTimeout(timer);
      if (sent) resolve();
      else reject(new Error(`${host}:${port}: closed before everything was sent`));
    });
  });
}

const connecting = ({ host, port, trust, certificate, key }: TlsReceiver): ConnectionOptions => ({
  host,
  port,
  ...VERIFIED,
  // An address has no name to ask for (RFC 6066 3).
  ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
  ...(trust && { ca: [...trust] }),
  ...(certificate !== undefined && key !== undefined && { cert: certificate, key }),
});
