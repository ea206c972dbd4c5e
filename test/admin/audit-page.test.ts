/** The page "Audit": who sees what of the history. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { RoleGrant } from '../../src/core/access.ts';
import { deskWithCertificates, run } from '../actions/certificates-under-test.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

async function opened(t: TestContext, ...grants: RoleGrant[]) {
  const desk = await deskWithCertificates();
  await run('blocks.add', {
    on: desk,
    grant: { role: 'admin' },
    sent: { name: 'user:bob@example.com', comment: '<b>left</b>' },
  });
  await desk.store.chainAudit({ limit: 100, random: (length) => randomBytes(length) });
  return pagesUnderTest(t, { desk, signedIn: session(...grants) });
}

const rowsIn = (body: string): number => body.match(/<th role="rowheader"/g)?.length ?? 0;

test('an auditor sees what persons did, and everything when asked for', async (t) => {
  const { get } = await opened(t, { role: 'auditor' });
  const { body } = await get('/admin/audit');
  assert.equal(rowsIn(body), 1);
  assert.match(body, /192\.0\.2\.1 \(a page\)/);
  assert.match(body, /user:bob@example\.com \(&#60;b&#62;left&#60;/);
  assert.equal(rowsIn((await get('/admin/audit?all=yes')).body), 5);
  assert.equal(rowsIn((await get('/admin/audit?all=yes&event=issued&endpoint=%2Fa')).body), 2);
  assert.equal(rowsIn((await get('/admin/audit?by=nobody')).body), 0);
  assert.equal((await get('/admin/audit?from=yesterday')).statusCode, 400);
});

test('an auditor of one endpoint sees its entries only; a viewer, an operator and a program for metrics see no page', async (t) => {
  const { get, current } = await opened(t, { role: 'auditor', endpoints: ['/a'] });
  assert.equal(rowsIn((await get('/admin/audit?all=yes')).body), 2);
  assert.equal((await get('/admin/audit?verify=yes')).statusCode, 403);
  for (const role of ['viewer', 'operator', 'metrics'] as const) {
    current.session = session({ role });
    assert.equal((await get('/admin/audit')).statusCode, 403, role);
    assert.equal((await get('/admin/audit?export=csv')).statusCode, 403, role);
  }
});

test('the entries are a file, and the chain is verified', async (t) => {
  const { get } = await opened(t, { role: 'auditor' });
  const { headers, body } = await get('/admin/audit?export=csv&all=yes');
  assert.equal(headers['content-disposition'], 'attachment; filename="audit.csv"');
  assert.equal(body.split('\r\n').length, 7);
  const verified = await get('/admin/audit?verify=yes');
  assert.match(verified.body, /The history is whole: 5 entries were read\./);
});
