/** Imports through Graph: what is sent byte for byte, pages, what is not known after a fault, and errors that say what to do. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { PfxImport } from '../../src/core/imported-pfx.ts';
import { importedPfxClient } from '../../src/intune/imported-pfx-client.ts';
import { intuneClient } from '../../src/intune/client.ts';
import { resolveCloud } from '../../src/intune/clouds.ts';
import type { OutboundReply } from '../../src/outbound/https-client.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { QUICK } from './fake-tenant.ts';

const JANE = '6f2b1c34-5d6e-4f70-8a9b-0c1d2e3f4a5b';
const PRINT = '00112233445566778899aabbccddeeff00112233';
const ID = `6f2b1c345d6e4f708a9b0c1d2e3f4a5b-${PRINT}`;
const FILE = Uint8Array.from({ length: 120 }, (_, index) => (index === 0 ? 0x30 : index));
const { signal } = new AbortController();

const sample = (more: Partial<PfxImport> = {}): PfxImport => ({
  thumbprint: PRINT,
  purpose: 'smimeEncryption',
  userPrincipalName: 'jane@contoso.example',
  starts: new Date('2030-01-01T01:00:00+01:00'),
  ends: new Date('2031-01-01T00:00:00Z'),
  providerName: 'Microsoft Software Key Storage Provider',
  keyName: 'PFXKey',
  paddingScheme: 'oaepSha512',
  file: FILE,
  sealedPassword: Buffer.alloc(256, 7).toString('base64'),
  ...more,
});

async function withTenant(t: TestContext, roles = ['DeviceManagementConfiguration.ReadWrite.All', 'User.Read.All']) {
  const clock = () => new Date();
  const simulator = await startSimulator({ clock, random: randomBytes });
  simulator.app.setRoles({ graph: ['Application.Read.All', ...roles] });
  simulator.directory.addUsers({
    users: [{ id: JANE, userPrincipalName: 'jane@contoso.example' }, { userPrincipalName: "O'Brien+x@ü.example" }],
  });
  const client = intuneClient({
    ...simulator.tenant,
    trustCa: simulator.caPem,
    clock,
    uuid: randomUUID,
    callerInfo: 'test',
    timeouts: QUICK,
  });
  t.after(async () => {
    await client.close();
    await simulator.close();
  });
  const sent = () => simulator.calls().filter(({ hop }) => hop === 'userPfxCertificates');
  return { simulator, imports: client.imports, sent };
}

/** A client against answers in turn; the last one comes again. `asked`: method and URL of each call. */
function graph(...answers: OutboundReply[]) {
  const asked: string[] = [];
  const options = {
    cloud: resolveCloud('gcc-high'),
    tokens: { get: async () => 'token', forget: () => {} },
    exchange: async ({ method, url }: { method: string; url: string }) => {
      asked.push(`${method} ${url}`);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (!answer) throw new Error('no answer is left');
      return answer;
    },
    clock: () => new Date(0),
    uuid: () => 'id',
    tries: 1,
    backoffMs: 1,
    paced: <T>(attempt: (signal: AbortSignal) => Promise<T>, ends: AbortSignal) => attempt(ends),
  };
  return { asked, imports: importedPfxClient(options) };
}

const json = (body: object, status = 200): OutboundReply => ({ status, headers: {}, text: JSON.stringify(body) });

test('an import is sent with the nine documented members, in camel case, lower case and UTC, and without an id', async (t) => {
  const { imports, sent } = await withTenant(t);
  const listed = await imports.create(JANE, sample(), signal);
  assert.equal(listed.id, ID);
  const [call] = sent();
  assert.equal(call!.path, '/beta/deviceManagement/userPfxCertificates');
  assert.match(call!.clientRequestId, /^[0-9a-f-]{36}$/);
  assert.equal(
    JSON.stringify(call!.body),
    JSON.stringify({
      thumbprint: PRINT,
      intendedPurpose: 'smimeEncryption',
      userPrincipalName: 'jane@contoso.example',
      startDateTime: '2030-01-01T00:00:00Z',
      expirationDateTime: '2031-01-01T00:00:00Z',
      providerName: 'Microsoft Software Key Storage Provider',
      keyName: 'PFXKey',
      paddingScheme: 'oaepSha512',
      encryptedPfxBlob: Buffer.from(FILE).toString('base64'),
      encryptedPfxPassword: Buffer.alloc(256, 7).toString('base64'),
    }),
  );
});

test('an import is found by id and in lists, and is gone after it was deleted; deleting again succeeds', async (t) => {
  const { simulator, imports, sent } = await withTenant(t);
  await imports.create(JANE, sample(), signal);
  const found = await imports.get(ID, signal);
  assert.deepEqual([found?.thumbprint, found?.ends.toISOString()], [PRINT, '2031-01-01T00:00:00.000Z']);
  assert.deepEqual(await imports.list(undefined, signal), [found]);
  assert.deepEqual(await imports.list('JANE@contoso.example', signal), [found]);
  await imports.delete(ID, signal);
  assert.deepEqual(simulator.imported.list(), []);
  await imports.delete(ID, signal);
  assert.equal(await imports.get(ID, signal), undefined);
  assert.deepEqual(
    sent()
      .map(({ status }) => status)
      .slice(-3),
    [204, 404, 404],
  );
});

test('a list is read over three pages, also when the token ends between them', async (t) => {
  const { simulator, imports } = await withTenant(t);
  for (let index = 0; index < 101; index++)
    await imports.create(JANE, sample({ thumbprint: index.toString(16).padStart(40, '0') }), signal);
  const ids = new Set((await imports.list(undefined, signal)).map(({ id }) => id));
  assert.equal(ids.size, 101);
  simulator.fault({ hop: 'userPfxCertificates', fault: '401', count: 1 });
  assert.equal((await imports.list('jane@contoso.example', signal)).length, 101);
});

test('the token is fetched again when it was revoked in the middle of a list', async (t) => {
  const { simulator, imports } = await withTenant(t);
  for (let index = 0; index < 51; index++)
    await imports.create(JANE, sample({ thumbprint: index.toString(16).padStart(40, '0') }), signal);
  simulator.revokeTokens();
  assert.equal((await imports.list(undefined, signal)).length, 51);
});

test('the filter has the name in lower case with its quotation mark doubled', async (t) => {
  const { imports, sent } = await withTenant(t);
  const other = sample({ userPrincipalName: "O'Brien+x@ü.example" });
  const obrien = await imports.user("O'Brien+x@ü.example", signal);
  await imports.create(obrien!.id, other, signal);
  assert.equal((await imports.list("O'Brien+x@ü.example", signal)).length, 1);
  assert.equal(
    sent().at(-1)!.path,
    '/beta/deviceManagement/userPfxCertificates?$filter=tolower(userPrincipalName)%20eq%20%27o%27%27brien%2Bx%40%C3%BC.example%27',
  );
});

test('a link to the next page on another server is refused', async () => {
  const { asked, imports } = graph(json({ value: [], '@odata.nextLink': 'https://evil.example/next' }));
  await assert.rejects(imports.list(undefined, signal), /a link to the next page that leads to another server/);
  assert.deepEqual(asked, ['GET https://graph.microsoft.us/beta/deviceManagement/userPfxCertificates']);
});

test('an update sends the whole import; what a list shows in place of the file is never written', async (t) => {
  const { simulator, imports, sent } = await withTenant(t);
  await imports.create(JANE, sample(), signal);
  await imports.update(JANE, sample({ purpose: 'smimeSigning' }), signal);
  const [kept] = simulator.imported.list();
  assert.deepEqual(
    [kept!.intendedPurpose, kept!.encryptedPfxBlob],
    ['smimeSigning', Buffer.from(FILE).toString('base64')],
  );
  const calls = sent().length;
  for (const masked of [{ file: Buffer.from('AA==', 'base64') }, { sealedPassword: '' }])
    await assert.rejects(imports.update(JANE, sample(masked), signal), RangeError);
  assert.equal(sent().length, calls);
});

test('an import whose answer is lost is looked for by its id, and not sent again', async (t) => {
  const { simulator, imports, sent } = await withTenant(t);
  simulator.fault({ hop: 'userPfxCertificates', fault: 'answer-lost', count: 1 });
  assert.equal((await imports.create(JANE, sample(), signal)).id, ID);
  assert.deepEqual(
    sent().map(({ body, status }) => [body === null ? 'GET' : 'POST', status]),
    [
      ['POST', 0],
      ['GET', 200],
    ],
  );
  assert.equal(simulator.imported.list().length, 1);
});

test('an import that never arrived is sent again after it was looked for', async (t) => {
  const { simulator, imports, sent } = await withTenant(t);
  simulator.fault({ hop: 'userPfxCertificates', fault: 'disconnect', count: 1 });
  assert.equal((await imports.create(JANE, sample(), signal)).id, ID);
  assert.deepEqual(
    sent().map(({ body }) => (body === null ? 'GET' : 'POST')),
    ['POST', 'GET', 'POST'],
  );
});

test('what was throttled is sent again after the time that the service says, in any of its three forms', async (t) => {
  const { simulator, imports, sent } = await withTenant(t);
  simulator.fault({ hop: 'userPfxCertificates', fault: { status: 429, retryAfter: 0.128 }, count: 1 });
  simulator.fault({ hop: 'userPfxCertificates', fault: { status: 429, retryAfterMs: 20 }, count: 1 });
  await imports.create(JANE, sample(), signal);
  assert.deepEqual(
    sent().map(({ status }) => status),
    [429, 429, 201],
  );
});

test('the HTTP 400 that says nothing is not tried again, and three checks are named', async (t) => {
  const { simulator, imports, sent } = await withTenant(t);
  simulator.fault({ hop: 'userPfxCertificates', fault: 'opaque-import', count: 1 });
  await assert.rejects(imports.create(JANE, sample(), signal), {
    hop: 'userPfxCertificates',
    status: 400,
    message: /HTTP 400, BadRequest: An error has occurred - Operation ID/,
    remedy:
      /Check three things: that the user exists .* licence of Intune; .* purpose, the key and its provider .*; .* not imported before/,
  });
  assert.equal(sent().length, 1);
});

test('a missing permission is named', async (t) => {
  const { imports } = await withTenant(t, []);
  await assert.rejects(imports.create(JANE, sample(), signal), {
    status: 403,
    remedy: /DeviceManagementConfiguration\.ReadWrite\.All of Microsoft Graph with admin consent/,
  });
  await assert.rejects(imports.user(JANE, signal), { status: 403, remedy: /User\.Read\.All/ });
});

test('a user has the properties that names are made of; only Graph can say that there is none', async (t) => {
  const { simulator, imports } = await withTenant(t);
  simulator.directory.addUsers({
    users: [{ userPrincipalName: 'a@x.example', mail: 'a@x.example', isLicensed: true }],
  });
  const user = await imports.user('A@x.example', signal);
  assert.deepEqual([user?.mail, user?.department, user?.isEnabled], ['a@x.example', null, true]);
  assert.equal(await imports.user('nobody@x.example', signal), undefined);
  const proxy = graph({ status: 404, headers: {}, text: '<html>not here</html>' });
  await assert.rejects(proxy.imports.user('a@x.example', signal), /HTML or XML/);
  await assert.rejects(proxy.imports.delete(ID, signal), /HTML or XML/);
});

test('in GCC High every call goes to its hosts', async () => {
  const row = {
    id: ID,
    thumbprint: PRINT,
    intendedPurpose: 'smimeEncryption',
    userPrincipalName: 'jane@contoso.example',
    keyName: 'PFXKey',
    startDateTime: '2030-01-01T00:00:00Z',
    expirationDateTime: '2031-01-01T00:00:00Z',
    createdDateTime: '2030-01-01T00:00:00Z',
  };
  const { asked, imports } = graph(json(row, 201), json(row), json({ value: [row] }), json({}, 204), json({}, 404));
  await imports.create(JANE, sample(), signal);
  await imports.update(JANE, sample(), signal);
  await imports.list(undefined, signal);
  await assert.rejects(imports.delete('none', signal).then(() => imports.user(JANE, signal)));
  assert.deepEqual(asked, [
    'POST https://graph.microsoft.us/beta/deviceManagement/userPfxCertificates',
    `PATCH https://graph.microsoft.us/beta/deviceManagement/userPfxCertificates('${ID}')`,
    'GET https://graph.microsoft.us/beta/deviceManagement/userPfxCertificates',
    "DELETE https://graph.microsoft.us/beta/deviceManagement/userPfxCertificates('none')",
    `GET https://graph.microsoft.us/v1.0/users/${JANE}?$select=id,userPrincipalName,accountEnabled,mail,givenName,surname,department,onPremisesDistinguishedName,onPremisesSamAccountName,onPremisesDomainName,onPremisesSecurityIdentifier`,
  ]);
});

test('an answer about another import is none', async () => {
  const { imports } = graph(json({ id: `${'0'.repeat(32)}-${PRINT}`, userPrincipalName: 'x' }));
  await assert.rejects(imports.get(ID, signal), /JSON of another shape/);
});
