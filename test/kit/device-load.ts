/** Devices that enrol one after the other while servers are stopped and started, as clients do that are told to come back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { discover, enroll, poll, type ScepServer } from '../../src/client/scep-client.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { atEnd, clock as systemClock, random } from '../wiring/files.ts';
import { ecKey } from './keys.ts';
import { certificatesOf, contentOf, readSigned } from './pkijs.ts';

/** What the devices met. */
export type Load = {
  /** Serial numbers by subject, of the devices that have their certificate. */
  certificates: Map<string, string>;
  /** How many certificates each CA issued, by its name. */
  issuers: Map<string, number>;
  /** How often a device was told to come back, by 503 with Retry-After. */
  told: number;
  /** What no device should meet: another status, a lost connection, FAILURE. */
  faults: string[];
  /** Resolves when so many more devices have their certificate. */
  more(devices: number): Promise<void>;
  /** Resolves when each device that began has its certificate. */
  end(): Promise<void>;
};

/**
 * `url`: of an endpoint with a static challenge; of several, each request goes to the next one. `clock`: of the devices. `trusts`: CAs
 * that they trust beside those of GetCACert, DER. `trustsNext`: they ask GetNextCACert, where it is announced, and trust that CA
 * too (RFC 8894 4.7).
 */
export type LoadOptions = {
  url: string | readonly string[];
  challenge: string;
  atOnce: number;
  clock?: () => Date;
  trusts?: readonly Uint8Array[];
  trustsNext?: boolean;
};

/** The longest that a device waits of what it is told, in milliseconds: the time of the tests is short. */
const LONGEST_WAIT = 300;
/** After so many it is given up. */
const MOST_TRIES = 200;

/** Devices begin until `end`, so many at once. */
export function startLoad(options: LoadOptions): Load {
  const { url: urls, challenge, atOnce, clock = systemClock, trusts = [], trustsNext = false } = options;
  let asked = 0;
  const nextUrl = (): string => (typeof urls === 'string' ? urls : urls[asked++ % urls.length]!);
  let begun = 0;
  let ending = false;
  const load = {
    certificates: new Map<string, string>(),
    issuers: new Map<string, number>(),
    told: 0,
    faults: [] as string[],
  };

  const noted: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    if (response.status === 503 && /^\d+$/.test(response.headers.get('retry-after') ?? '')) load.told++;
    else if (response.status !== 200) load.faults.push(`HTTP ${response.status}: ${await response.clone().text()}`);
    return response;
  };
  const context = { fetch: noted, clock, random };

  async function found(): Promise<ScepServer> {
    const given = await discover(nextUrl(), context);
    const server = { ...given, url: nextUrl(), certificates: [...given.certificates, ...trusts] };
    return trustsNext && given.capabilities.has('GetNextCACert') ? withNext(server, given.url) : server;
  }
  /** One that is told of no next CA any more was finished or taken back meanwhile: it asks GetCACert again. */
  async function withNext(server: ScepServer, url: string): Promise<ScepServer> {
    const response = await fetch(`${url}?operation=GetNextCACert`);
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 200) return found();
    const next = certificatesOf(readSigned(contentOf(readSigned(body))));
    return { ...server, certificates: [...server.certificates, ...next] };
  }

  async function device(subject: string): Promise<void> {
    const key = ecKey(subject);
    const wanted = { subject: nameFromText(subject), challenge };
    const plan = { ...wanted, key, csr: await writeCertificationRequest(wanted, key) };
    let ask = enroll;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const reply = await found()
        .then((server) => ask(server, plan, context))
        .catch(({ message, cause }: Error) => {
          if (!message.endsWith('HTTP 503')) load.faults.push(`${message} ${String(cause)}`);
        });
      if (reply?.status === 'success') {
        const { serialNumber, issuer } = readCertificate(reply.certificates[0]!);
        const by = nameText(issuer);
        load.certificates.set(subject, serialText(serialNumber));
        load.issuers.set(by, (load.issuers.get(by) ?? 0) + 1);
        return;
      }
      if (reply?.status === 'failure') {
        load.faults.push(`${subject}: failInfo ${reply.failInfo} ${reply.text ?? ''}`);
        return;
      }
      if (reply) ask = poll;
      await sleep(LONGEST_WAIT);
    }
    load.faults.push(`${subject} got no certificate`);
  }

  async function oneAfterTheOther(): Promise<void> {
    while (!ending) await device(`CN=load-${begun++}`);
  }
  const all = Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  all.catch(() => {}); // `end` rejects.
  atEnd(async () => void (ending = true));

  return Object.assign(load, {
    async more(devices: number) {
      const enough = load.certificates.size + devices;
      while (load.certificates.size < enough) {
        if (load.faults.length > 0) throw new Error(load.faults.join('\n'));
        await Promise.race([all, sleep(20)]);
      }
    },
    async end() {
      ending = true;
      await all;
    },
  });
}
