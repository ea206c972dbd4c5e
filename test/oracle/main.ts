/**
 * `npm run oracle [-- --messages N --strict]`: sends N messages of every class of failure inside the envelope through
 * open and seal, in random order, and checks what a sender could learn from the replies, which must be equal except for
 * nonce and signature, and from their times, whose differences are compared with those of two halves of the same class.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { messageCodec } from '../../src/scep/codec.ts';
import type { Opened } from '../../src/scep/message.ts';
import { seal } from '../../src/scep/seal.ts';
import { clock, context, registration } from '../kit/pki.ts';
import { CLASSES, corpus } from './classes.ts';
import { differs, shapeOf } from './replies.ts';
import { compare, type Comparison, trimmed } from './statistics.ts';

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '10000' }, strict: { type: 'boolean', default: false } },
});
const MESSAGES = Number(values.messages);
/** Enough that a branch predictor cannot learn them, and few enough to make in a second. */
const CORPUS = 64;

const names = ['wrong content key (control)', ...Object.keys(CLASSES)];
const corpora = names.map((name) => corpus(CLASSES[name]!, CORPUS));
const random = (length: number): Uint8Array => randomBytes(length);
const codec = messageCodec({ ...context(), random });

function reply(opened: Opened): Promise<Uint8Array> {
  if (opened.kind !== 'refused') throw new Error('a message that must be refused was opened');
  return seal({
    header: opened.header,
    reply: { status: 'failure', code: opened.code },
    ra: registration,
    clock,
    random,
  });
}

const reference = shapeOf(await reply(await codec.open(corpora[0]![0]!)));
const times: number[][] = names.map(() => []);
for (let sent = -2000; sent < MESSAGES * names.length; sent++) {
  // The next class is random, so that periodic work on the machine does not affect one class more.
  const which = randomInt(names.length);
  const message = corpora[which]![randomInt(CORPUS)]!;
  const started = process.hrtime.bigint();
  const opened = await codec.open(message);
  const took = Number(process.hrtime.bigint() - started) / 1000;
  if (sent >= 0) times[which]!.push(took);
  const difference = differs(reference, shapeOf(await reply(opened)));
  if (difference) throw new Error(`${names[which]}: the reply differs: ${difference}`);
}
console.log(
  `replies: ${MESSAGES * names.length} of ${names.length} classes, the same in everything but nonce and signature`,
);

const [control, ...others] = times.map(trimmed);
console.log(`\ntimes of open, µs: about ${MESSAGES} messages a class, the slowest tenth left out\n`);
console.log('class'.padEnd(32) + ['n', 'mean', 'difference', '±', 't'].map((head) => head.padStart(12)).join(''));
const comparisons = others.map((sample, i) => ({ name: names[i + 1]!, ...compare(control!, sample) }));
for (const { name, n, mean, difference, error, t } of comparisons)
  console.log(
    name.padEnd(32) +
      [n, mean.toFixed(2), difference.toFixed(3), error.toFixed(3), t.toFixed(1)]
        .map((cell) => String(cell).padStart(12))
        .join(''),
  );

const [twin, ...rest] = comparisons;
const bound = Math.max(Math.abs(twin!.difference), 5 * twin!.error);
const seen = rest.filter(({ difference }: Comparison) => Math.abs(difference) > bound);
console.log(
  `\nThe control differs from itself by ${twin!.difference.toFixed(3)} µs; the bound is ${bound.toFixed(3)} µs.`,
);
console.log(seen.length ? `BEYOND IT: ${seen.map(({ name }) => name).join(', ')}` : 'No class is beyond it.');
// Timing on a shared machine is noisy, so a difference fails the run only with --strict, for a quiet machine.
process.exitCode = values.strict && seen.length ? 1 : 0;
