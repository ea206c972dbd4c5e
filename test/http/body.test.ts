/** How many octets of bodies are in memory at once: counted while they come and while they are worked on. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { HttpError } from '../../src/core/errors.ts';
import { bodies } from '../../src/http/body.ts';

const KIB = 1024;
type Body = IncomingMessage & PassThrough;
const request = (headers: Record<string, string> = {}): Body =>
  Object.assign(new PassThrough(), { headers }) as unknown as Body;

/** A body of so many octets, complete. */
function complete(octets: number): Body {
  const body = request();
  body.end(Buffer.alloc(octets, 0x30));
  return body;
}

const lengthOf = async (body: Uint8Array): Promise<number> => body.length;
const fails = (code: string) => (error: unknown) => error instanceof HttpError && error.code === code;

/** Work that lasts until the test ends it. */
function work() {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  return { begun, end, fail, run: () => (begin(), ended) };
}

test('a body comes out as it went in, however it was cut', async () => {
  const body = request();
  for (const chunk of ['ab', 'c', '', 'def']) body.write(chunk);
  body.end();
  const held = bodies({ longest: 6, most: 6 });
  assert.equal(await held.use(body, async (octets) => Buffer.from(octets).toString()), 'abcdef');
});

test('a body that is longer than it may be is refused, by its announcement or by its octets', async () => {
  const held = bodies({ longest: 10, most: 1000 });
  await assert.rejects(held.use(request({ 'content-length': '11' }), lengthOf), fails('message_too_large'));
  await assert.rejects(held.use(complete(11), lengthOf), fails('message_too_large'));
  assert.equal(await held.use(complete(10), lengthOf), 10);
});

test('a refused body leaves its stream open, because the answer goes out on the same socket', async () => {
  const body = request();
  body.write(Buffer.alloc(20));
  await assert.rejects(bodies({ longest: 10, most: 1000 }).use(body, lengthOf), fails('message_too_large'));
  assert.equal(body.destroyed, false);
});

test('octets count while the work lasts; long bodies beyond the bound are refused, short ones never', async () => {
  const held = bodies({ longest: 512 * KIB, most: 512 * KIB });
  const first = work();
  const running = held.use(complete(400 * KIB), first.run);
  await first.begun;
  await assert.rejects(held.use(complete(200 * KIB), lengthOf), fails('overloaded'));
  assert.equal(await held.use(complete(64 * KIB), lengthOf), 64 * KIB);
  assert.equal(await held.use(complete(112 * KIB), lengthOf), 112 * KIB);
  first.end();
  await running;
  assert.equal(await held.use(complete(512 * KIB), lengthOf), 512 * KIB);
});

test('short bodies have a bound of their own, and one that has become long counts as long alone', async () => {
  const held = bodies({ longest: 512 * KIB, most: 128 * KIB });
  const both = [work(), work()];
  const running = both.map(({ run }) => held.use(complete(64 * KIB), run));
  await Promise.all(both.map(({ begun }) => begun));
  await assert.rejects(held.use(complete(1), lengthOf), fails('overloaded'));
  both.forEach(({ end }) => end());
  await Promise.all(running);

  const grown = request();
  grown.write(Buffer.alloc(60 * KIB));
  const long = work();
  const growing = held.use(grown, long.run);
  grown.end(Buffer.alloc(60 * KIB));
  await long.begun;
  await assert.rejects(held.use(complete(100 * KIB), lengthOf), fails('overloaded'));
  const short = work();
  const beside = held.use(complete(64 * KIB), short.run);
  await short.begun;
  assert.equal(await held.use(complete(64 * KIB), lengthOf), 64 * KIB);
  long.end();
  short.end();
  await Promise.all([growing, beside]);
  assert.equal(await held.use(complete(128 * KIB), lengthOf), 128 * KIB);
});

/** A body in chunks of one octet, all of them in the same buffer. */
function dripping(octets: number): IncomingMessage {
  const request = Object.assign(new EventEmitter(), { headers: {} });
  setImmediate(() => {
    const chunk = Buffer.alloc(1);
    for (let n = 0; n < octets; n++) {
      chunk[0] = n & 0xff;
      request.emit('data', chunk);
    }
    request.emit('end');
  });
  return request as unknown as IncomingMessage;
}

test('chunks are copied and not kept, and the copy is at most twice as long as the body', async () => {
  const octets = 100 * KIB;
  await bodies({ longest: octets, most: octets }).use(dripping(octets), async (body) => {
    assert.deepEqual(Buffer.from(body), Buffer.from(Array.from({ length: octets }, (_, n) => n & 0xff)));
    assert.equal(body.buffer.byteLength, octets);
  });
});

test('a body of the length that was announced is kept in a buffer of that length', async () => {
  const octets = 50 * KIB;
  const body = request({ 'content-length': String(octets) });
  body.end(Buffer.alloc(octets));
  await bodies({ longest: 512 * KIB, most: 512 * KIB }).use(body, async (read) => {
    assert.deepEqual([read.length, read.buffer.byteLength], [octets, octets]);
  });
});

test('the buffer doubles, so that a body of many small chunks is copied a few times and not for each of them', async () => {
  await bodies({ longest: 512 * KIB, most: 512 * KIB }).use(dripping(100 * KIB), async (read) => {
    assert.deepEqual([read.length, read.buffer.byteLength], [100 * KIB, 128 * KIB]);
  });
});

test('what comes after a body was refused is dropped: nothing takes it, and it takes no place', async () => {
  const held = bodies({ longest: 10 * KIB, most: 10 * KIB });
  const body = request();
  const refused = held.use(body, lengthOf);
  body.write(Buffer.alloc(8 * KIB));
  body.write(Buffer.alloc(4 * KIB));
  await assert.rejects(refused, fails('message_too_large'));
  assert.deepEqual([body.listenerCount('data'), body.readableFlowing], [0, true]);
  body.write(Buffer.alloc(KIB));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(body.readableLength, 0);
  assert.equal(await held.use(complete(10 * KIB), lengthOf), 10 * KIB);
});

test('octets are given back when the work fails, the sender goes away or the body was too long', async () => {
  const held = bodies({ longest: 512 * KIB, most: 512 * KIB });
  const failing = work();
  const running = held.use(complete(500 * KIB), failing.run);
  await failing.begun;
  failing.fail(new Error('no'));
  await assert.rejects(running, /no/);

  const leaving = request();
  leaving.write(Buffer.alloc(500 * KIB));
  const left = held.use(leaving, lengthOf);
  leaving.destroy();
  await assert.rejects(left, fails('message_undecodable'));

  const gone = request();
  gone.destroy();
  await once(gone, 'close');
  await assert.rejects(held.use(gone, lengthOf), fails('message_undecodable'));

  await assert.rejects(held.use(complete(600 * KIB), lengthOf), fails('message_too_large'));
  assert.equal(await held.use(complete(512 * KIB), lengthOf), 512 * KIB);
});

test('a body that comes too slowly is refused, at the first pause that is too long or at the end of its time', async () => {
  const pace = { ms: 40, octets: 100, times: 4 };
  const held = bodies({ longest: 512 * KIB, most: 512 * KIB, pace });
  const stuck = request();
  stuck.write(Buffer.alloc(99));
  await assert.rejects(held.use(stuck, lengthOf), {
    code: 'message_too_slow',
    message: '99 octets of the body in 40 ms',
  });
  const endless = request();
  const drip = setInterval(() => endless.write(Buffer.alloc(100)), 10);
  await assert.rejects(held.use(endless, lengthOf), fails('message_too_slow')).finally(() => clearInterval(drip));
  const slow = request();
  slow.write(Buffer.alloc(250));
  setTimeout(() => slow.end(Buffer.alloc(50)), 100);
  assert.equal(await held.use(slow, lengthOf), 300);
  assert.equal(await held.use(complete(512 * KIB), lengthOf), 512 * KIB);
});

test('the bodies of one address leave room for those of others', async () => {
  const held = bodies({ longest: 512 * KIB, most: 512 * KIB, share: 128 * KIB });
  const [first, second] = [work(), work()];
  const running = [
    held.use(complete(64 * KIB), first.run, '203.0.113.1'),
    held.use(complete(64 * KIB), second.run, '203.0.113.1'),
  ];
  await Promise.all([first.begun, second.begun]);
  await assert.rejects(held.use(complete(1), lengthOf, '203.0.113.1'), fails('overloaded'));
  assert.equal(await held.use(complete(64 * KIB), lengthOf, '203.0.113.2'), 64 * KIB);
  first.end();
  await running[0];
  assert.equal(await held.use(complete(64 * KIB), lengthOf, '203.0.113.1'), 64 * KIB);
  second.end();
  await running[1];
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const LIMITS = { longest: 512 * KIB, most: 512 * KIB };

/** A body that holds back its last octet, and the work that waits for it. */
function heldBack(held: ReturnType<typeof bodies>, octets: number) {
  const body = request();
  body.write(Buffer.alloc(octets));
  return { body, read: held.use(body, lengthOf) };
}

test('when too many bodies are coming, the one that has taken longest is closed, and the new one is read', async () => {
  const held = bodies({ ...LIMITS, coming: { most: 3, young: 20 } });
  const all = [1, 2, 3].map((octets) => heldBack(held, octets));
  await pause(40);
  const closed = assert.rejects(all[0]!.read, fails('message_too_slow'));
  assert.equal(await held.use(complete(10), lengthOf), 10);
  await closed;
  const next = heldBack(held, 4);
  for (const { body } of [...all.slice(1), next]) body.end(Buffer.alloc(1));
  assert.deepEqual(await Promise.all([...all.slice(1), next].map(({ read }) => read)), [3, 4, 5]);
});

test('a body that has only begun is not closed: the new one is refused', async () => {
  const held = bodies({ ...LIMITS, coming: { most: 2, young: 60_000 } });
  const all = [1, 2].map((octets) => heldBack(held, octets));
  await assert.rejects(held.use(complete(10), lengthOf), fails('overloaded'));
  for (const { body } of all) body.end();
  assert.deepEqual(await Promise.all(all.map(({ read }) => read)), [1, 2]);
  assert.equal(await held.use(complete(10), lengthOf), 10);
});

test('a body that is complete does not count, however long its work lasts, and is not closed', async () => {
  const held = bodies({ ...LIMITS, coming: { most: 1, young: 0 } });
  const lasting = work();
  const running = held.use(complete(10), lasting.run);
  await lasting.begun;
  assert.equal(await held.use(complete(20), lengthOf), 20);
  lasting.end();
  await running;
});

test('when the memory is full, the body that has taken longest gives its octets back; a body of the other kind keeps them', async () => {
  const held = bodies({ ...LIMITS, coming: { most: 100, young: 20 } });
  const short = heldBack(held, 10 * KIB);
  const [first, second] = [heldBack(held, 200 * KIB), heldBack(held, 200 * KIB)];
  await pause(40);
  const closed = assert.rejects(first.read, fails('message_too_slow'));
  assert.equal(await held.use(complete(300 * KIB), lengthOf), 300 * KIB);
  await closed;
  second.body.end(Buffer.alloc(KIB));
  short.body.end();
  assert.deepEqual(await Promise.all([second.read, short.read]), [201 * KIB, 10 * KIB]);
  assert.equal(await held.use(complete(512 * KIB), lengthOf), 512 * KIB);
});
