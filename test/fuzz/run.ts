/** Passes changed messages to `open`, and its results to `seal`, and checks the outcome of each. */
import { HttpError } from '../../src/core/errors.ts';
import type { Opened, Reply } from '../../src/scep/message.ts';
import { open } from '../../src/scep/open.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { seal } from '../../src/scep/seal.ts';
import { clock, context, everyLegacy, HOUR, random as randomOctets } from '../kit/pki.ts';
import { LAYERS } from './layers.ts';
import { seeded } from './random.ts';
import { client, kem, ra, SHAPES } from './shapes.ts';

/** An input that did not end in a request, a refusal or `message_undecodable`. */
export type Finding = { index: number; layer: string; error: unknown; message: string };

export type FuzzReport = {
  seed: number;
  inputs: number;
  /** Number of inputs by layer and outcome. */
  outcomes: Readonly<Record<string, number>>;
  findings: readonly Finding[];
  /** CPU of the slowest input in milliseconds, and its number. */
  slowest: { milliseconds: number; index: number; layer: string };
  /** Duration of the run in milliseconds. */
  elapsed: number;
  /** Resident memory in octets: after the first thousand inputs, and the maximum after that. */
  memory: { early: number; highest: number };
};

export type FuzzPlan = { seed: number; inputs: number /** Stops earlier when over. */; milliseconds?: number };

const registration = registrationAuthority(ra, [], ra, [kem]);
const settings = context(
  { legacy: everyLegacy, signingTime: { past: HOUR, future: HOUR }, renewal: true },
  registration,
);
const CHANCES = Object.entries(LAYERS).flatMap(([name, { share }]) => Array.from({ length: share }, () => name));
const SETTLED = 1000;

/** Runs a plan. Never throws: faults are in `findings`. */
export async function fuzz({ seed, inputs, milliseconds = Number.POSITIVE_INFINITY }: FuzzPlan): Promise<FuzzReport> {
  const began = performance.now();
  const outcomes: Record<string, number> = {};
  const findings: Finding[] = [];
  const memory = { early: 0, highest: 0 };
  let slowest = { milliseconds: 0, index: 0, layer: '' };
  let index = 0;
  for (; index < inputs && performance.now() - began < milliseconds; index++) {
    // Of its own for every input, so that an input does not depend on what those before it took.
    const random = seeded(seed + Math.imul(index, 0x9e3779b1));
    const layer = random.pick(CHANCES);
    const message = LAYERS[layer]!.change(random.pick(SHAPES), random);
    const before = process.cpuUsage();
    const { outcome, error } = await feed(message);
    const { user, system } = process.cpuUsage(before);
    const spent = (user + system) / 1000;
    if (spent > slowest.milliseconds) slowest = { milliseconds: spent, index, layer };
    if (error) findings.push({ index, layer, error, message: Buffer.from(message).toString('base64') });
    outcomes[`${layer} ${outcome}`] = (outcomes[`${layer} ${outcome}`] ?? 0) + 1;
    if (index === SETTLED) memory.early = process.memoryUsage.rss();
    if (index > SETTLED && index % SETTLED === 0) memory.highest = Math.max(memory.highest, process.memoryUsage.rss());
  }
  return { seed, inputs: index, outcomes, findings, slowest, elapsed: performance.now() - began, memory };
}

async function feed(message: Uint8Array): Promise<{ outcome: string; error?: unknown }> {
  try {
    const opened = await open(message, settings);
    await answer(opened);
    return { outcome: opened.kind === 'refused' ? opened.code : 'opened' };
  } catch (error) {
    const expected = error instanceof HttpError && error.code === 'message_undecodable';
    return expected ? { outcome: error.code } : { outcome: 'FOUND', error };
  }
}

/** Clones an opened message, as sending it to a thread does, and seals a reply to it. */
async function answer(opened: Opened): Promise<void> {
  const copy = structuredClone(opened);
  const reply: Reply =
    copy.kind === 'refused'
      ? { status: 'failure', code: copy.code }
      : { status: 'success', replyTo: copy.replyTo, certificates: [client.certificate] };
  await seal({ header: copy.header, reply, ra: registration, clock, random: randomOctets });
}
