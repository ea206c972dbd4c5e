/** Graph's userPfxCertificates and users: as strict as documented, and as little told as at Microsoft. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Row, withGraph } from './graph.ts';
import { control } from './tenant.ts';

const IMPORTED = '/beta/deviceManagement/userPfxCertificates';
const WRITE = 'DeviceManagementConfiguration.ReadWrite.All';
const JANE = '6f2b1c34-5d6e-4f70-8a9b-0c1d2e3f4a5b';
const print = (index = 0): string => index.toString(16).padStart(40, '0');
const ID = `6f2b1c345d6e4f708a9b0c1d2e3f4a5b-${print()}`;

const body = (members: Record<string, unknown> = {}) => ({
  thumbprint: print(),
  intendedPurpose: 'smimeEncryption',
  userPrincipalName: 'jane@contoso.example',
  startDateTime: '2030-01-01T00:00:00Z',
  expirationDateTime: '2031-01-01T00:00:00Z',
  providerName: 'Microsoft Software Key Storage Provider',
  keyName: 'PFXKey',
  paddingScheme: 'oaepSha512',
  encryptedPfxBlob: Buffer.of(0x30, 0).toString('base64'),
  encryptedPfxPassword: Buffer.alloc(256, 7).toString('base64'),
  ...members,
});

async function withImports(t: TestContext, ...roles: string[]) {
  const tenant = await withGraph(t, ...(roles.length > 0 ? roles : [WRITE, 'User.Read.All']));
  const { simulator, send, token } = tenant;
  simulator.directory.addUsers({
    users: [
      { id: JANE, userPrincipalName: 'jane@contoso.example', mail: 'jane@contoso.example' },
      { userPrincipalName: "O'Brien+x@ü.example" },
      { userPrincipalName: 'none@contoso.example', isLicensed: false },
    ],
  });
  const { graph } = simulator.tenant.cloud;
  const authorization = `Bearer ${await token(`${graph}/.default`)}`;
  const change = (method: 'POST' | 'PATCH' | 'DELETE', path = IMPORTED, content?: object) =>
    send(
      method,
      graph + path,
      { authorization, ...(content && { 'content-type': 'application/json' }) },
      content && JSON.stringify(content),
    );
  return { ...tenant, change };
}

test('an import has the id of the user without dashes and the thumbprint, and file and password are not read back', async (t) => {
  const { simulator, change, ask, page } = await withImports(t);
  const made = await change('POST', IMPORTED, body());
  assert.equal(made.status, 201);
  assert.equal((JSON.parse(made.text) as Row).id, ID);
  for (const [row] of [[JSON.parse((await ask(`${IMPORTED}('${ID}')`)).text) as Row], (await page(IMPORTED)).value]) {
    const { createdDateTime, lastModifiedDateTime, '@odata.context': _context, ...rest } = row!;
    assert.deepEqual(rest, { id: ID, ...body({ encryptedPfxBlob: 'AA==', encryptedPfxPassword: '' }) });
    assert.equal(createdDateTime, lastModifiedDateTime);
  }
  assert.equal(simulator.imported.list()[0]!.encryptedPfxBlob, 'MAA=');
});

for (const [what, wrong] of [
  ['a user that is not there', { userPrincipalName: 'nobody@contoso.example' }],
  ['a user without a licence', { userPrincipalName: 'none@contoso.example' }],
  ['a purpose in Pascal case', { intendedPurpose: 'SmimeEncryption' }],
  ['the purpose vpn, which is not supported', { intendedPurpose: 'vpn' }],
  ['SHA-1 in OAEP', { paddingScheme: 'oaepSha1' }],
  ['a thumbprint in upper case', { thumbprint: 'A'.repeat(40) }],
  ['a time that is not UTC', { startDateTime: '2030-01-01T00:00:00+01:00' }],
  ['an end before the begin', { expirationDateTime: '2029-01-01T00:00:00Z' }],
  ['what a list shows in place of the file', { encryptedPfxBlob: 'AA==' }],
  ['an empty password', { encryptedPfxPassword: '' }],
  ['an id', { id: ID }],
  ['a missing member', { keyName: undefined }],
] as const)
  test(`an import with ${what} gets the HTTP 400 that says nothing`, async (t) => {
    const { simulator, change } = await withImports(t);
    const { status, text } = await change('POST', IMPORTED, body(wrong));
    assert.equal(status, 400);
    assert.match(text, /An error has occurred - Operation ID .*StatelessImportPFXService/);
    assert.deepEqual(simulator.imported.list(), []);
  });

test('a second import of the same certificate gets the same HTTP 400', async (t) => {
  const { simulator, change } = await withImports(t);
  assert.equal((await change('POST', IMPORTED, body())).status, 201);
  assert.equal((await change('POST', IMPORTED, body())).status, 400);
  assert.equal(simulator.imported.list().length, 1);
});

test('an update replaces what is sent, and refuses what a list shows in place of the file', async (t) => {
  const { simulator, clock, change } = await withImports(t);
  await change('POST', IMPORTED, body());
  clock.advance(60);
  const path = `${IMPORTED}('${ID}')`;
  const masked = body({ encryptedPfxBlob: 'AA==', encryptedPfxPassword: '' });
  assert.equal((await change('PATCH', path, masked)).status, 400);
  assert.equal((await change('PATCH', path, body({ intendedPurpose: 'smimeSigning' }))).status, 200);
  const [kept] = simulator.imported.list();
  assert.deepEqual([kept!.intendedPurpose, kept!.encryptedPfxBlob], ['smimeSigning', 'MAA=']);
  assert.ok(kept!.lastModifiedDateTime > kept!.createdDateTime);
});

test('what is deleted is gone, and a second delete gets 404', async (t) => {
  const { simulator, change } = await withImports(t);
  for (const path of [`${IMPORTED}('${ID}')`, `${IMPORTED}(${ID})`, `${IMPORTED}/${ID}`]) {
    await change('POST', IMPORTED, body());
    const { status, text } = await change('DELETE', path);
    assert.deepEqual([status, text], [204, '']);
    assert.equal((await change('DELETE', path)).status, 404);
  }
  assert.deepEqual(simulator.imported.list(), []);
});

test('a filter compares the lower-case name with what is sent, a doubled quotation mark included', async (t) => {
  const { change, page, list, ask } = await withImports(t);
  await change('POST', IMPORTED, body());
  await change('POST', IMPORTED, body({ thumbprint: print(1), userPrincipalName: "O'Brien+x@ü.example" }));
  const found = async (filter: string) =>
    (await page(`${IMPORTED}?$filter=${encodeURIComponent(filter)}`)).value.map(({ thumbprint }) => thumbprint);
  assert.deepEqual(await found("tolower(userPrincipalName) eq 'o''brien+x@ü.example'"), [print(1)]);
  assert.deepEqual(await found("tolower(userPrincipalName) eq 'O''Brien+x@ü.example'"), []);
  assert.deepEqual(await found(`tolower(thumbprint) eq '${print()}'`), [print()]);
  assert.equal((await ask(`${IMPORTED}?$filter=userPrincipalName eq 'a'`)).status, 400);
  assert.equal((await ask(`${IMPORTED}?$filter=tolower(userPrincipalName) eq 'o'brien'`)).status, 400);
  assert.equal((await list(IMPORTED)).rows.length, 2);
});

test('a list has pages of 50', async (t) => {
  const { change, list } = await withImports(t);
  for (let index = 0; index < 101; index++) await change('POST', IMPORTED, body({ thumbprint: print(index) }));
  const { rows, pages } = await list(IMPORTED);
  assert.deepEqual([new Set(rows.map(({ id }) => id)).size, pages], [101, 3]);
  const filter = encodeURIComponent("tolower(userPrincipalName) eq 'jane@contoso.example'");
  assert.equal((await list(`${IMPORTED}?$filter=${filter}`)).pages, 3);
});

test('reading needs a permission, and writing one that writes', async (t) => {
  const reader = await withImports(t, 'DeviceManagementConfiguration.Read.All');
  assert.equal((await reader.ask(IMPORTED)).status, 200);
  const refused = await reader.change('POST', IMPORTED, body());
  assert.equal(refused.status, 403);
  assert.match(refused.text, new RegExp(WRITE));
  assert.equal((await (await withImports(t, 'User.Read.All')).ask(IMPORTED)).status, 403);
});

test('a user is found by name or id, with the members of $select; one that is not there gets 404', async (t) => {
  const { ask } = await withImports(t);
  for (const name of [JANE, 'JANE@contoso.example']) {
    const { status, text } = await ask(`/v1.0/users/${name}?$select=id,userPrincipalName,mail,department`);
    const { '@odata.context': _context, ...user } = JSON.parse(text) as Row;
    assert.equal(status, 200);
    const expected = { id: JANE, userPrincipalName: 'jane@contoso.example', mail: 'jane@contoso.example' };
    assert.deepEqual(user, { ...expected, department: null });
  }
  assert.equal((await ask(`/v1.0/users/${encodeURIComponent("O'Brien+x@ü.example")}`)).status, 200);
  const none = await ask('/v1.0/users/nobody@contoso.example');
  assert.equal(none.status, 404);
  assert.match(none.text, /"code":"Request_ResourceNotFound"/);
  assert.equal((await (await withImports(t, WRITE)).ask(`/v1.0/users/${JANE}`)).status, 403);
});

for (const [wait, header, pattern] of [
  ['seconds', 'retry-after', /^\d+[.]\d{3}$/],
  ['milliseconds', 'x-ms-retry-after-ms', /^\d+$/],
  ['none', '', undefined],
] as const)
  test(`a limit on the load answers 429 until its time is over, with a wait in ${wait}`, async (t) => {
    const { simulator, clock, ask } = await withImports(t);
    const limit = { requests: 2, seconds: 20, wait };
    assert.equal((await control(simulator, 'PUT', '/throttle', limit)).status, 204);
    assert.deepEqual([(await ask(IMPORTED)).status, (await ask(`/v1.0/users/${JANE}`)).status], [200, 200]);
    const { status, headers } = await ask(IMPORTED);
    assert.equal(status, 429);
    const waits = Object.entries(headers).filter(([name]) => name.includes('retry-after'));
    assert.deepEqual(
      waits.map(([name]) => name),
      header === '' ? [] : [header],
    );
    if (pattern) assert.match(String(waits[0]![1]), pattern);
    clock.advance(20);
    assert.equal((await ask(IMPORTED)).status, 200);
    await control(simulator, 'DELETE', '/throttle');
    for (let index = 0; index < 3; index++) assert.equal((await ask(IMPORTED)).status, 200);
  });

test('a fault can throttle with a fraction of a second, or with milliseconds', async (t) => {
  const { simulator, ask } = await withImports(t);
  simulator.fault({ hop: 'userPfxCertificates', fault: { status: 429, retryAfter: 2.128 }, count: 1 });
  simulator.fault({ hop: 'userPfxCertificates', fault: { status: 429, retryAfterMs: 1500 }, count: 1 });
  simulator.fault({ hop: 'userPfxCertificates', fault: 'opaque-import', count: 1 });
  assert.equal((await ask(IMPORTED)).headers['retry-after'], '2.128');
  assert.equal((await ask(IMPORTED)).headers['x-ms-retry-after-ms'], '1500');
  assert.match((await ask(IMPORTED)).text, /StatelessImportPFXService/);
});
