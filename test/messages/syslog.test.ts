/** Syslog: the form of messages, and that no entry of the history is left out. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { syslogEvents } from '../../src/messages/syslog-events.ts';
import { syslogFrame } from '../../src/messages/syslog-frame.ts';
import { sendHistory } from '../../src/messages/syslog-history.ts';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { fakeClock } from '../../src/testing/fakes.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { chained, issuanceFor, NOON } from '../../src/testing/store-samples.ts';
import { installed } from '../app/installation.ts';
import { context, device } from '../app/watch-under-test.ts';
import { until } from '../kit/until.ts';
import { framesIn, syslogServer } from './syslog-server.ts';

test('a frame is as RFC 5424 and RFC 5425 say, and no value ends its quotes', () => {
  const frame = syslogFrame({
    facility: 'audit',
    severity: 'notice',
    at: NOON,
    host: 'scep 1',
    messageId: 'issued',
    id: 'audit',
    facts: { subject: 'CN="a]\\\nb', number: 7, none: undefined },
    text: 'issued to Zoë\r\n<13>1 forged',
  });
  const message =
    '<109>1 2026-03-01T12:00:00.123Z scep_1 openndes - issued [audit@32473 subject="CN=\\"a\\]\\\\ b" number="7"] \uFEFFissued to Zoë  <13>1 forged';
  assert.equal(frame.toString(), `${Buffer.byteLength(message)} ${message}`);
});

test('every entry is sent once in the order of the chain, again after an error, and a head when it is signed', async (t) => {
  const store = await openSqliteStore({ path: ':memory:', clock: fakeClock(NOON) });
  t.after(() => store.close());
  const got: string[] = [];
  let fault: Error | undefined;
  const send = async (octets: Uint8Array): Promise<void> => {
    if (fault) throw fault;
    got.push(...framesIn(Buffer.from(octets)));
  };
  const turn = () => sendHistory({ store, send, host: 'scep' }, new AbortController().signal);
  const issued = async (n: number): Promise<void> => {
    await recorded(store, issuanceFor(n));
    await chained(store);
  };
  await issued(1);
  await turn();
  assert.deepEqual(got, []);
  fault = new Error('no answer');
  await issued(2);
  await assert.rejects(turn(), /no answer/);
  fault = undefined;
  await issued(3);
  await turn();
  await turn();
  const { serial } = issuanceFor(2).certificate;
  assert.deepEqual(
    got.map((each) => / number="(\d+)"/.exec(each)?.[1]),
    ['2', '3'],
  );
  assert.match(String(got[0]), new RegExp(` issued \\[audit@32473 .* serial="${serial}"`));
  const end = await store.chainEnd();
  await store.saveHead({ ...end!, at: NOON, signature: Buffer.from('signed'), key: 'ab' });
  await turn();
  await turn();
  assert.deepEqual(got.slice(2), [
    `<109>1 2026-03-01T12:00:00.123Z scep openndes - audit-head [head@32473 number="3" hash="${end!.hash}" key="ab" signature="c2lnbmVk"] \uFEFFthe history up to entry 3 is signed`,
  ]);
});

test('events of a level are sent in batches, wait while nobody takes them, and what is lost is counted', async () => {
  const got: string[] = [];
  const clock = fakeClock(NOON);
  let fault: Error | undefined;
  const { onEvent, flush } = syslogEvents({
    least: 'warn',
    lineOf: ({ event }) => ({ level: event === 'key-failed' ? 'error' : 'info', message: 'a key failed' }),
    clock,
    host: 'scep',
    async send(octets) {
      if (fault) throw fault;
      got.push(...framesIn(Buffer.from(octets)));
    },
  });
  onEvent({ event: 'key-works', authority: 'issuing' });
  onEvent({ event: 'key-failed', authority: 'issuing', reason: 'gone' });
  await flush();
  assert.deepEqual(got, [
    '<131>1 2026-03-01T12:00:00.123Z scep openndes - key-failed [event@32473 authority="issuing" reason="gone"] \uFEFFa key failed',
  ]);
  fault = new Error('no answer');
  for (let n = 0; n < 10_003; n += 1) onEvent({ event: 'key-failed', authority: 'issuing', reason: `${n}` });
  await flush();
  fault = undefined;
  await flush();
  assert.equal(got.length, 1);
  clock.forward(15_000);
  await flush();
  assert.equal(got.length, 1 + 1 + 10_000);
  assert.match(got[1]!, / events-lost \[lost@32473 number="3"\]/);
  assert.match(got[2]!, /reason="3"/);
});

test('a running server sends the history and its warnings over TLS, and after a restart what came meanwhile', async (t) => {
  const authority = await newAuthority(systemClock(), systemRandom);
  const { key, certificate } = await serverCredential(authority, systemClock(), systemRandom);
  const { got, answer, port } = await syslogServer(t, { key, cert: certificate });
  const syslog = { host: '127.0.0.1', port, trustCa: 'syslog-ca.pem', events: 'info', timeout: '1s' };
  const { folder, config, challenge } = await installed(t, (text) => `${text}\n${stringify({ messages: { syslog } })}`);
  writeFileSync(join(folder, 'syslog-ca.pem'), authority.certificate);
  const options = { logLevel: 'silent', workers: 1, watchEvery: 20 };
  const issued = () => got.filter((each) => each.includes(' issued [audit@')).length;
  const enrolled = async (url: string) =>
    (await enroll(await discover(url, context), device(challenge), context)).status;
  const first = await startServer(config, options);
  t.after(() => first.close());
  assert.equal(await enrolled(first.urls[0]!), 'success');
  await until(() => issued() === 1, 'the first entry');
  await until(() => got.some((each) => each.includes(' scep-request-answered [event@')), 'a line of the log');
  answer.takes = false;
  assert.equal(await enrolled(first.urls[0]!), 'success');
  await until(async () => ((await first.desk().store.chainEnd())?.number ?? 0) >= 2, 'a second link');
  await first.close();
  answer.takes = true;
  assert.equal(issued(), 1);
  const second = await startServer(config, options);
  t.after(() => second.close());
  await until(() => issued() === 2, 'the second entry');
  for (const each of got) assert.ok(!each.includes(challenge), each);
});
