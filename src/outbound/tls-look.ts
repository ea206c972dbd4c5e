/** Connects to a TLS server without a credential, and says which certificate it shows, what it asks for, and the Date of its reply. */
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import {
  connect as connectTls,
  type DetailedPeerCertificate,
  getCACertificates,
  rootCertificates,
  type TLSSocket,
} from 'node:tls';
import { Client } from 'undici';
import { VERIFIED } from './tls-trust.ts';
import { networkFault } from './network-errors.ts';
import { asksForCertificate, ServerRecords } from './server-records.ts';

/** Where to look. */
export type TlsPlace = {
  /** https. A GET of its path and query is sent, without any credential. */
  url: URL;
  /** PEM of a CA to trust beside those of this machine. */
  trustCa?: string | undefined;
  /** URL of an HTTP proxy. */
  proxy?: string | undefined;
  /** The newest version to offer. With 1.2 a question for a client certificate is seen. */
  maxVersion?: 'TLSv1.2' | undefined;
  timeoutMs: number;
};

/**
 * What was seen. `fault`: the code of why there was no connection, or no trust in the certificate. `chain`: DER, that of the
 * server first. `isPublic`: it chains to a root that Node.js has from Mozilla. `date`: of the reply.
 */
export type TlsLook = {
  fault?: string | undefined;
  protocol?: string | undefined;
  chain: readonly Uint8Array[];
  isPublic: boolean;
  asksForCertificate: boolean;
  date?: Date | undefined;
};

/** Octets of the reply that are looked at. */
const MOST_REPLY = 16 * 1024;

/** Never throws for what the server or the network does. The certificate is looked at, not required to be trusted. */
export async function lookAtTls(place: TlsPlace): Promise<TlsLook> {
  const records = new ServerRecords();
  const signal = AbortSignal.timeout(place.timeoutMs);
  let socket: Socket | Duplex | undefined;
  let seen: Omit<TlsLook, 'asksForCertificate'> = { chain: [], isPublic: false };
  try {
    socket = await reached(place, signal);
    const tls = await handshake(watched(socket, records), place, signal);
    seen = { ...shown(tls), fault: faultOf(tls), protocol: tls.getProtocol() ?? undefined };
    seen.date = dateIn(await replyTo(tls, place.url, signal));
  } catch (error) {
    seen.fault ??= seen.protocol === undefined ? causeOf(error, signal) : undefined;
  } finally {
    socket?.destroy();
  }
  return { ...seen, asksForCertificate: asksForCertificate(records) };
}

const causeOf = (error: unknown, signal: AbortSignal): string =>
  signal.aborted ? 'ETIMEDOUT' : networkFault(error).code;

const portOf = ({ port }: URL): number => Number(port || 443);
/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** A connection to the port of the server, through the proxy where there is one. */
async function reached({ url, proxy, trustCa }: TlsPlace, signal: AbortSignal): Promise<Socket | Duplex> {
  if (proxy === undefined) {
    const socket = connectTcp({ host: hostOf(url), port: portOf(url), signal });
    await event(socket, 'connect', signal);
    return socket;
  }
  const { username, password, origin } = new URL(proxy);
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const path = `${url.hostname}:${portOf(url)}`;
  const headers = { host: path, ...(username && { 'proxy-authorization': `Basic ${basic}` }) };
  const client = new Client(origin, { connect: { ...VERIFIED, ca: trusted(trustCa) } });
  try {
    const { statusCode, socket } = await client.connect({ path, headers, signal });
    if (statusCode === 200) return socket;
    socket.destroy();
    throw new Error(`the proxy answered with HTTP ${statusCode}`);
  } finally {
    // The connection is no longer part of it.
    await client.destroy();
  }
}

/** The same connection; `records` gets what the server sends. */
const watched = (socket: Socket | Duplex, records: ServerRecords): Duplex =>
  Duplex.from({ readable: Readable.from(copied(socket, records), { objectMode: false }), writable: socket });

async function* copied(socket: AsyncIterable<Uint8Array>, records: ServerRecords): AsyncGenerator<Uint8Array> {
  for await (const octets of socket) {
    records.add(octets);
    yield octets;
  }
}

async function handshake(
  socket: Duplex,
  { url, trustCa, maxVersion }: TlsPlace,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const host = hostOf(url);
  const tls = connectTls({
    socket,
    host,
    // A name only (RFC 6066 3).
    servername: /^[\d.]+$|:/.test(host) ? '' : host,
    rejectUnauthorized: false,
    minVersion: VERIFIED.minVersion,
    ca: trusted(trustCa),
    ...(maxVersion && { maxVersion }),
  });
  await event(tls, 'secureConnect', signal);
  return tls;
}

const trusted = (trustCa: string | undefined): string[] => [
  ...getCACertificates('default'),
  ...(trustCa === undefined ? [] : [trustCa]),
];

/** Resolves at the event. Rejects at an error, at the end of the connection and at the signal. */
function event(socket: Duplex, name: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(name, () => resolve());
    // Stays: an error that comes later is not thrown.
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('ECONNRESET')));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** `authorizationError` is a code, although its type says Error. */
const faultOf = ({ authorized, authorizationError }: TLSSocket): string | undefined =>
  authorized ? undefined : String((authorizationError as { code?: string } | null)?.code ?? authorizationError);

function shown(tls: TLSSocket): Pick<TlsLook, 'chain' | 'isPublic'> {
  const found: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = tls.getPeerCertificate(true);
  while (next?.raw && !found.includes(next) && found.length < 10) {
    found.push(next);
    next = next.issuerCertificate;
  }
  const chain = found.map(({ raw }) => raw);
  return { chain, isPublic: tls.authorized && isRoot(chain.at(-1)) };
}

const isRoot = (der: Uint8Array | undefined): boolean => {
  const base64 = Buffer.from(der ?? []).toString('base64');
  return base64 !== '' && rootCertificates.some((pem) => pem.replace(/-----[^-]+-----|\s/g, '') === base64);
};

/** The beginning of the reply to a GET. */
async function replyTo(tls: TLSSocket, url: URL, signal: AbortSignal): Promise<string> {
  tls.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
  signal.addEventListener('abort', () => tls.destroy(), { once: true });
  let text = '';
  for await (const octets of tls as AsyncIterable<Buffer>) {
    text += octets.toString('latin1');
    if (text.includes('\r\n\r\n') || text.length > MOST_REPLY) break;
  }
  return text;
}

function dateIn(reply: string): Date | undefined {
  const time = Date.parse(/^date: *([^\r\n]{1,40})/im.exec(reply)?.[1] ?? '');
  return Number.isNaN(time) ? undefined : new Date(time);
}
