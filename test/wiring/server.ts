/** Real servers in this process, each out of an openndes.yaml in a folder of its own. */
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Desk } from '../../src/actions/action.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { atEnd, file, issuingSection } from './files.ts';

/** `origin` is that of the first endpoint and has no slash at its end; `url` is that of an endpoint. */
export type Running = {
  folder: string;
  urls: string[];
  origin: string;
  adminUrl: string;
  url: (path: string) => string;
  drain: () => Promise<void>;
  close: () => Promise<void>;
  desk: () => Desk;
};

type Sections = Readonly<Record<string, unknown>>;

/** The challenge of every endpoint that does not say another. */
export const CHALLENGE = 'a-challenge-of-the-wiring';
/** No test waits for the drain, but those that ask for one. */
export const LISTEN = { host: '127.0.0.1', port: 0, drain: 0 };
export const PLAIN = { path: '/plain', policy: { static: CHALLENGE } };

let count = 0;
/** Writes the configuration into a new folder and returns its path. Sections that are not given are the usual ones. */
export function configured(sections: Sections): string {
  const usual = {
    listen: LISTEN,
    store: 'sqlite:./store.db',
    authorities: { issuing: issuingSection },
    endpoints: [PLAIN],
  };
  return file(`server-${++count}/openndes.yaml`, stringify({ ...usual, ...sections }));
}

/** Threads of every server: `npm run threads` runs the same tests with two. */
const workers = Number(process.env['OPENNDES_TEST_WORKERS'] ?? 1);

/** A server on this configuration, which ends with the tests at the latest. */
export async function started(config: string, threads = workers): Promise<Running> {
  const server = await startServer(config, { logLevel: 'silent', workers: threads });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= server.close());
  atEnd(close);
  const { origin } = new URL(server.urls[0]!);
  return {
    folder: dirname(config),
    urls: server.urls,
    origin,
    adminUrl: server.adminUrl ?? 'no administrators',
    url: (path) => origin + path,
    drain: () => server.drain(),
    close,
    desk: () => server.desk(),
  };
}

/** One server for all who ask, started when the first one does. */
export function shared(sections: Sections | (() => Promise<Sections>)): () => Promise<Running> {
  let running: Promise<Running> | undefined;
  const start = async () => started(configured(typeof sections === 'function' ? await sections() : sections));
  return () => (running ??= start());
}

/** The HTTP status of a GET. */
export async function statusAt(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.arrayBuffer();
  return response.status;
}
