/** What a device, or the server that `enroll` asks, has written cannot control the administrator's terminal. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { IssuerError } from '../../src/core/errors.ts';
import { systemClock } from '../../src/embed/system.ts';
import { createServer } from '../../src/embed/embed.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { issuanceFor, pendingFor } from '../../src/testing/store-samples.ts';
import { fields, installed, rows, run, type Said } from '../app/installation.ts';
import { handClock } from '../kit/clock.ts';
import { keptLog } from '../kit/log.ts';
import { issuing, ra, random, root } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { CSR } from '../kit/requests.ts';

/** CSI of a terminal in one character (C1), the order of letters turned round, and a character beyond 16 bits (a tag). */
const HOSTILE = 'CN=\u009b31m\u202eadmin\u{e0041}';
const safe = ({ out, err }: Said): void => assert.doesNotMatch(out + err, /(?!\n)\p{C}/u);

test('--json of certs pending, list and show escapes what a device wrote, and is the same JSON', async (t) => {
  const { cli, folder } = await installed(t);
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: systemClock });
  const waiting = pendingFor(1);
  await store.recordPending({ ...waiting, transaction: { ...waiting.transaction, csr: CSR, subject: HOSTILE } });
  const issuance = issuanceFor(2);
  await store.recordIssued({
    ...issuance,
    certificate: { ...issuance.certificate, serial: '0a01', subject: HOSTILE },
  });
  await store.close();
  const pending = await cli('certs', 'pending', '--json');
  const list = await cli('certs', 'list', '--json');
  const shown = await cli('certs', 'show', '0a01', '--json');
  for (const said of [pending, list, shown]) safe(said);
  assert.deepEqual(
    [rows(pending)[0]!['subject'], rows(list)[0]!['subject'], fields(shown)['subject']],
    [HOSTILE, HOSTILE, HOSTILE],
  );
});

for (const json of [[], ['--json']])
  test(`enroll ${json.join('')} escapes the text of a refusal, which a server writes`, async (t) => {
    const { folder } = await installed(t);
    const clock = () => new Date();
    const store = await openSqliteStore({ path: ':memory:', clock });
    const texts = { adminText: 'no', clientText: HOSTILE };
    const server = await createServer({
      endpoints: [
        {
          path: '/scep',
          ra,
          chain: [issuing.certificate, root.certificate],
          signingTime: 'off',
          policy: allows('none'),
          issuer: { issue: () => Promise.reject(new IssuerError({ code: 'rejected', retryable: false, ...texts })) },
        },
      ],
      store,
      logger: keptLog(),
      clock: handClock(),
      random,
    });
    t.after(async () => {
      await server.close();
      await store.close();
    });
    const url = `${await server.listen({ port: 0, host: '127.0.0.1' })}/scep`;
    const out = join(folder, 'laptop');
    const said = await run('enroll', url, '--subject', 'CN=a', '--challenge', 'x', '--out', out, ...json);
    assert.equal(said.code, 2);
    assert.match(said.out, /31m/);
    safe(said);
  });

test('an error that names a file is escaped', async () => {
  const said = await run('explain', '/nowhere/\u009b31m');
  assert.match(said.err, /31m/);
  safe(said);
});
