/**
 * `npm run oracle [-- --messages N]`: sends N messages of every class of failure inside the envelope through open and
 * seal, in random order, and asks what a sender could learn: from the replies, which must be the same but for nonce
 * and signature, and from their times, which are compared with those of two halves of one and the same class.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { messageCodec } from '../../src/scep/codec.ts';
import { seal } from '../../src/scep/seal.ts';
import { context, registration } from '../kit/pki.ts';
import { CLASSES, corpus } from './classes.ts';
import { differs, shapeOf } from './replies.ts';
import { compare, type Comparison, trimmed } from './statistics.ts';

const { values } = parseArgs({ options: { messages: { type: 'string', default: '10000' } } });
const MESSAGES = Number(values.messages);
/** Enough that no branch predictor knows them by heart, few enough to be made in a second. */
const CORPUS = 64;

const names = ['wrong content key (control)', ...Object.keys(CLASSES)];
const corpora = names.map((name) => corpus(CLASSES[name]!, CORPUS));
const random = (length: number): Uint8Array => randomBytes(length);
const codec = messageCodec({ ...context(), random });

async function reply(message: Uint8Array): Promise<Uint8Array> {
  const opened = await codec.open(message);
  if (opened.kind !== 'refused') throw new Error('a message that must be refused was opened');
  return seal({ header: opened.header, reply: { status: 'failure', code: opened.code }, ra: registration, random });
}

const reference = shapeOf(await reply(corpora[0]![0]!));
for (const [i, messages] of corpora.entries())
  for (const message of messages) {
    const difference = differs(reference, shapeOf(await reply(message)));
    if (difference) throw new Error(`${names[i]}: the reply differs: ${difference}`);
  }
console.log(`replies: ${names.length} × ${CORPUS} messages, all replies the same but for nonce and signature`);

const times: number[][] = names.map(() => []);
for (let sent = -2000; sent < MESSAGES * names.length; sent++) {
  // Which class comes next is drawn, so that nothing periodic on the machine can favour one.
  const which = randomInt(names.length);
  const message = corpora[which]![randomInt(CORPUS)]!;
  const started = process.hrtime.bigint();
  await codec.open(message);
  const took = Number(process.hrtime.bigint() - started) / 1000;
  if (sent >= 0) times[which]!.push(took);
}

const [control, ...others] = times.map(trimmed);
console.log(`\ntimes of open, µs: about ${MESSAGES} messages a class, the slowest tenth left out\n`);
console.log('class'.padEnd(32) + ['n', 'mean', 'difference', '±', 't'].map((head) => head.padStart(12)).join(''));
const comparisons = others.map((sample, i) => ({ name: names[i + 1]!, ...compare(control!, sample) }));
for (const { name, n, mean, difference, error, t } of comparisons)
  console.log(name.padEnd(32) + [n, mean.toFixed(2), difference.toFixed(3), error.toFixed(3), t.toFixed(1)].map((cell) => String(cell).padStart(12)).join(''));

const [twin, ...rest] = comparisons;
const bound = Math.max(Math.abs(twin!.difference), 5 * twin!.error);
const seen = rest.filter(({ difference }: Comparison) => Math.abs(difference) > bound);
console.log(`\nThe control differs from itself by ${twin!.difference.toFixed(3)} µs; the bound is ${bound.toFixed(3)} µs.`);
console.log(seen.length ? `BEYOND IT: ${seen.map(({ name }) => name).join(', ')}` : 'No class is beyond it.');
process.exitCode = seen.length ? 1 : 0;
