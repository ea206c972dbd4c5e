/** The test of a request by the API of a started server: the answer is kept nowhere. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestedRequest } from '../../src/actions/endpoint-view.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { requestPem } from '../../src/pkix/pem.ts';
import { rsaKey } from '../kit/keys.ts';
import { configured, started } from '../wiring/server.ts';

const TOKEN = 'a-token-of-more-than-16';

test('a tested request is answered once, and neither its names nor its challenge are in the store', async () => {
  const server = await started(configured({ admin: { port: 0, token: TOKEN } }));
  const subject = nameFromText('CN=canary-device');
  const csr = await writeCertificationRequest({ subject, challenge: 'canary-word', extensions: [] }, rsaKey('tested'));
  const ask = () =>
    fetch(`${server.adminUrl}/api/v1/tests`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/json',
        'idempotency-key': 'a-key-of-this-test',
      },
      body: JSON.stringify({ request: requestPem(csr) }),
    });
  const first = await ask();
  assert.equal(first.status, 200);
  const { subject: shown, endpoints } = (await first.json()) as TestedRequest;
  assert.deepEqual([shown, endpoints[0]?.verdict], ['CN=canary-device', 'depends']);
  const again = await ask();
  assert.equal(((await again.json()) as { code: string }).code, 'not_kept');
  await server.close();
  for (const file of ['store.db', 'store.db-wal']) assert.doesNotMatch(read(join(server.folder, file)), /canary/, file);
});

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // A store that was closed has no log beside it.
    return '';
  }
};
