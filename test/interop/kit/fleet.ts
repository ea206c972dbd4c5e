/** Devices that enrol without a pause, and repeat their request as real ones do until it is decided. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fetch } from '../../../src/client/ca-operations.ts';
import type { ScepServer } from '../../../src/client/scep-client.ts';
import { type Message, messageFor, serverAt, subjectOf } from './message.ts';
import { type Fleet, type FleetServer, type Kind, KINDS } from './fleet-installation.ts';

/** `outcome`: what its request got in the end. `rival`: sends a request with the same one-time password. */
export type Device = {
  kind: Kind;
  message: Message;
  outcome?: 'issued' | 'refused';
  serial?: string;
  rival?: Device;
};

export type Load = {
  devices: readonly Device[];
  /** How many answers were 503 with Retry-After. */
  later: () => number;
  /** How many devices have a certificate. */
  issued: () => number;
  /** Lets no further device begin, and no one repeat its request for now. */
  stop: () => Promise<void>;
  /** Resolves when the request of each device is decided. Fails after `patience` milliseconds. */
  end: (patience: number) => Promise<void>;
};

/**
 * `origins`: of the servers, of which each attempt takes the next one. `mayDie`: a server may end without an answer.
 */
export type LoadOptions = { origins: () => readonly string[]; atOnce?: number; mayDie?: boolean };

/** Of the passwords, each so many-th is given to two devices. */
const SHARED = 4;

/** Begins at once. What is neither an answer of SCEP nor 503 with Retry-After fails the test at the end. */
export async function loadOn(fleet: Fleet, server: FleetServer, options: LoadOptions): Promise<Load> {
  const { origins, atOnce = 9, mayDie = false } = options;
  // Each endpoint has an RA of its own.
  const scep = new Map<Kind, ScepServer>();
  for (const kind of KINDS) scep.set(kind, await serverAt(`${server.origin}/${kind}`));
  const passwords = await Promise.all(Array.from({ length: 200 }, () => fleet.password(server)));
  const devices: Device[] = [];
  const wrong: string[] = [];
  let [later, turn, named, running] = [0, 0, 0, true];

  const by: Fetch = async (...args) => {
    const response = await fetch(...args);
    if (response.status !== 503) return response;
    await response.body?.cancel();
    const after = response.headers.get('retry-after') ?? 'none';
    if (!/^[1-9]\d*$/.test(after)) wrong.push(`503 with Retry-After: ${after}`);
    throw new Later();
  };

  async function device(kind: Kind, challengeFor: (name: string) => Promise<string>): Promise<Device> {
    const name = `${kind}-${++named}`;
    const made = { kind, message: await messageFor(scep.get(kind)!, name, await challengeFor(name)) };
    devices.push(made);
    return made;
  }

  async function next(kind: Kind): Promise<Device[]> {
    if (kind !== 'password') return [await device(kind, (name) => fleet.tenant.mint({ subject: subjectOf(name) }))];
    const password = passwords.pop();
    if (password === undefined) return [];
    const one = await device(kind, async () => password);
    if (passwords.length % SHARED > 0) return [one];
    const rival = await device(kind, async () => password);
    return [Object.assign(one, { rival }), Object.assign(rival, { rival: one })];
  }

  /** Asks once. Returns whether its request is decided. */
  async function asked(each: Device): Promise<boolean> {
    const all = origins();
    const origin = all[turn++ % all.length]!;
    try {
      const { status, serial } = await each.message.send(`${origin}/${each.kind}`, by);
      if (status === 'success') Object.assign(each, { outcome: 'issued', serial });
      if (status === 'failure') each.outcome = 'refused';
    } catch (error) {
      if (error instanceof Later) later += 1;
      else if (!mayDie || !isNoAnswer(error)) wrong.push(`${each.message.subject}: ${String(error)}`);
    }
    return each.outcome !== undefined;
  }

  /** Until it is decided, or told to wait when the load has ended. */
  async function enrolled(each: Device): Promise<void> {
    for (let tries = 0; !(await asked(each)) && running && tries < 50; tries++) await pause(50 + Math.random() * 200);
  }

  async function client(first: number): Promise<void> {
    for (let n = first; running; n++) await Promise.all((await next(KINDS[n % KINDS.length]!)).map(enrolled));
  }

  const clients = Promise.all(Array.from({ length: atOnce }, (_, n) => client(n)));

  async function stop(): Promise<void> {
    running = false;
    await clients;
  }

  async function end(patience: number): Promise<void> {
    await stop();
    const until = performance.now() + patience;
    for (;;) {
      const open = devices.filter(({ outcome }) => outcome === undefined);
      if (open.length === 0) break;
      if (performance.now() > until) wrong.push(...open.map(({ message }) => `not decided: ${message.subject}`));
      if (wrong.length > 0) break;
      for (const each of open) await asked(each);
      await pause(1_000);
    }
    assert.deepEqual(wrong, [], 'answers that are neither of SCEP nor 503 with Retry-After');
  }

  return {
    devices,
    later: () => later,
    issued: () => devices.filter(({ outcome }) => outcome === 'issued').length,
    stop,
    end,
  };
}

/** 503 with Retry-After. */
class Later extends Error {}

const NO_ANSWER = ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'];
const isNoAnswer = (error: unknown): boolean =>
  NO_ANSWER.includes(((error as Error).cause as { code?: string } | undefined)?.code ?? '');
