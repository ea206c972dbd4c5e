/** `kill -9` at random moments under load: no answer is lost, and every delivered certificate is acknowledged by Intune. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acknowledged, of, settled } from './kit/aftermath.ts';
import { type Installation, install } from './kit/installation.ts';
import { type Message, messagesFor } from './kit/message.ts';

let installation: Installation;
before(async () => {
  installation = await install('rsa-2048');
});
after(() => installation.remove());

const KILLS = 15;
const AT_ONCE = 6;
/** A server is killed when it has given fewer answers than this, and then some milliseconds later. */
const MOST_ANSWERS = 16;
const LONGEST_DELAY = 40;
/** More than all the servers together can answer before they are killed, so that none is idle. */
const DEVICES = KILLS * (MOST_ANSWERS + 2 * AT_ONCE);

const upTo = (limit: number): number => Math.floor(Math.random() * limit);

test(`killed ${KILLS} times at random moments under load`, async (context) => {
  const first = await installation.serve();
  const devices = Array.from({ length: DEVICES }, (_, n) => `load-${n}`);
  const messages = await messagesFor(installation, first.url, devices);
  await first.kill();
  const answered = new Map<string, string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = answered.size;
    const moment = { answers: upTo(MOST_ANSWERS), delay: upTo(LONGEST_DELAY) };
    await underLoad(messages, moment, answered);
    context.diagnostic(
      `killed ${moment.delay} ms after answer ${moment.answers}; it had given ${answered.size - before}`,
    );
  }
  assert.ok(answered.size > 0, 'the server was always killed before its first answer');

  const server = await installation.serve();
  const listed = await settled(installation);
  for (const [subject, serial] of answered) {
    const found = listed.find((certificate) => certificate.serial === serial);
    assert.deepEqual([found?.subject, found?.state], [subject, 'delivered'], `answered and lost: ${serial}`);
  }
  for (const message of messages) {
    const delivered = of(listed, message).filter(({ state }) => state === 'delivered');
    assert.ok(delivered.length <= 1, `${message.subject} has ${delivered.length} live certificates`);
    for (const { serial } of delivered)
      assert.deepEqual(await message.send(server.url), { status: 'success', serial }, message.subject);
  }
  const notified = await acknowledged(installation);
  for (const { thumbprint, subject } of listed.filter(({ state }) => state === 'delivered'))
    assert.ok(notified.has(thumbprint), `Intune was not notified of ${subject}`);
  assert.equal(await server.stop(), 0);
});

type Moment = { answers: number; delay: number };

/** Starts a server, sends it the messages, and kills it at the moment. Adds what was answered, serials by subject. */
async function underLoad(
  messages: readonly Message[],
  { answers, delay }: Moment,
  answered: Map<string, string>,
): Promise<void> {
  const server = await installation.serve();
  const waiting = messages.filter(({ subject }) => !answered.has(subject));
  const enough = answered.size + answers;
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  let alive = true;
  const client = async (): Promise<void> => {
    for (let message = waiting.shift(); alive && message; message = waiting.shift()) {
      const { serial } = await message.send(server.url);
      if (serial !== undefined) answered.set(message.subject, serial);
      if (answered.size >= enough) resolve();
    }
  };
  const clients = Promise.allSettled(Array.from({ length: AT_ONCE }, client));
  if (answers > 0) await Promise.race([reached, clients]);
  await new Promise((resolve) => setTimeout(resolve, delay));
  await server.kill();
  alive = false;
  await clients;
}
