/** `openndes serve` as a process, and its log. */
import type { Client } from './client.ts';
import { type CrashPoint, crashAt } from './crash.ts';
import { type Decides, pathFor } from './endpoints.ts';
import type { Running } from './children.ts';
import { openndes } from './openndes.ts';

/** pino's level of a warning; an error has more. */
const WARN = 40;

/** One line of the server's log, with what the tests look at. */
export type LogLine = {
  level?: number;
  /** The text of a `configuration-warning`. */
  warning?: string;
  operation?: string;
  messageType?: string;
  transactionId?: string;
  method?: string;
  outcome?: string;
  subject?: string;
  code?: string;
  intuneCode?: string;
  /** The serial number of the certificate that a renewal was signed with. */
  renews?: string;
};

export type Server = {
  /** Where Intune decides. */
  url: string;
  /** The endpoint where this client can enrol. */
  urlFor: (client: Client, decides: Decides) => string;
  /**
   * The lines about the transactions for this subject, when there is the one that is waited for, by default any: the log
   * is written after the answer.
   */
  operations: (subject: string, awaited?: (line: LogLine) => boolean) => Promise<LogLine[]>;
  /** The first line about a PKIOperation of this transaction. */
  transaction: (id: string) => Promise<LogLine>;
  /** Warnings and errors of the log: no request of a client should cause one. */
  complaints: () => string[];
  /** The end by itself, as at a crash point. */
  gone: Promise<void>;
  stop: () => Promise<number | string | null>;
  kill: () => Promise<number | string | null>;
};

/** `crash`: where it is to die. `later`: milliseconds that its clock is ahead. */
export type ServeOptions = { crash?: CrashPoint | undefined; later?: number | undefined };

function started(config: string, { crash, later }: ServeOptions): Promise<Running> {
  const dying = crash && crashAt(crash);
  const ahead = later !== undefined && new URL('later.ts', import.meta.url).href;
  return openndes.start(['serve', '--config', config], {
    ready: /^Ready: /,
    preload: [...(dying?.preload ?? []), ...(ahead ? [ahead] : [])],
    env: { ...dying?.env, ...(later !== undefined && { OPENNDES_TEST_LATER: String(later) }) },
  });
}

/** Starts it for the work that it does by itself, and returns when it has died, which may be before it is ready. */
export async function serveUntilDead(config: string, options: ServeOptions & { crash: CrashPoint }): Promise<void> {
  const server = await started(config, options).catch((error: unknown) => {
    if (!String((error as Error).cause).includes('SIGKILL')) throw error;
  });
  await server?.gone;
}

/** Starts it. */
export async function serve(config: string, options: ServeOptions = {}): Promise<Server> {
  const server = await started(config, options);
  const url = server.line.split(' ')[1]!;
  return {
    url,
    urlFor: (client, decides) => new URL(pathFor(client, decides), url).href,
    operations: (subject, awaited = () => true) =>
      server.until(({ stderr }) => {
        const found = transactionsOf(subject, logLines(stderr));
        return found.some(awaited) ? found : undefined;
      }),
    transaction: (id) =>
      server.until(({ stderr }) =>
        logLines(stderr).find(({ operation, transactionId }) => operation === 'PKIOperation' && transactionId === id),
      ),
    complaints: () =>
      logLines(server.written.stderr)
        .filter(({ level = 0, warning = '' }) => level >= WARN && !EXPECTED.test(warning))
        .map((line) => JSON.stringify(line)),
    gone: server.gone,
    stop: () => server.end('SIGTERM'),
    kill: () => server.end('SIGKILL'),
  };
}

/** What the configuration asks for, and is warned of at the start. */
const EXPECTED = /endpoints\[\d\]\.(?:legacy: single DES|policy: no policy here compares names)/;

/** A poll does not name the subject. */
function transactionsOf(wanted: string, lines: readonly LogLine[]): LogLine[] {
  const ids = new Set(lines.filter(({ subject }) => subject === wanted).map(({ transactionId }) => transactionId));
  return lines.filter(({ operation, transactionId }) => operation === 'PKIOperation' && ids.has(transactionId));
}

/** What is not JSON is a warning of Node.js; what does not end yet is half a line. */
const logLines = (text: string): LogLine[] =>
  text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
