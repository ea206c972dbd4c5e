/** `openndes check` compares the endpoints of the configuration with those in the store. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed } from '../app/installation.ts';

test('check warns of an endpoint that has records and is not configured, until a name keeps them', async (t) => {
  const { folder, config, challenge, cli, started } = await installed(t);
  const store = join(folder, 'openndes.db');
  assert.deepEqual([(await cli('check')).err, existsSync(store)], ['', false]);

  const { url, close } = await started();
  const { main } = await import('../../src/cli/main.ts');
  const quiet = { out: () => {}, err: () => {} };
  const enroll = ['enroll', url, '--subject', 'CN=laptop', '--challenge', challenge, '--out', join(folder, 'laptop')];
  assert.equal(await main(enroll, quiet), 0);
  await close();
  assert.equal((await cli('check')).err, '');

  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replaceAll('/certsrv/mscep/mscep.dll', '/scep/moved'));
  assert.equal(
    (await cli('check')).err,
    'warning: the store has records of the endpoint /certsrv/mscep/mscep.dll, which is not configured: its certificates ' +
      'cannot renew, and its requests and notifications wait. If its path was changed, write ' +
      '`name: /certsrv/mscep/mscep.dll` at the endpoint in its place.',
  );

  writeFileSync(
    config,
    text.replace('path: /certsrv/mscep/mscep.dll', 'path: /scep/moved\n    name: /certsrv/mscep/mscep.dll'),
  );
  const { code, err } = await cli('check');
  assert.deepEqual([code, err], [0, '']);
});

test('check warns of an assertion and of a certificate of a tenant that cannot be used', async (t) => {
  const { folder, cli, config } = await installed(t, (text) =>
    text.concat(
      'tenants:\n' +
        '  corp: { tenant: a.example, clientId: 11111111-2222-3333-4444-555555555555, federated: { file: token } }\n' +
        '  test: { tenant: b.example, clientId: 11111111-2222-3333-4444-555555555555, certificate: { file: gone.pem, key: "file:gone.key" } }\n',
    ),
  );
  const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64url');
  const assertion = (aud: string): string => `${part({ alg: 'RS256' })}.${part({ aud, exp: 9_999_999_999 })}.x`;
  const token = join(folder, 'token');
  const noCertificate = `warning: tenant test: ${join(folder, 'gone.pem')}: there is no such file (the certificate of the app). Check the path in the configuration and the rights of the file.`;
  writeFileSync(token, assertion('api://other'));
  const { code, err } = await cli('check');
  assert.deepEqual(
    [code, err],
    [
      0,
      `warning: tenant corp: the assertion in ${token} is for the audience api://other, and Entra ID wants api://AzureADTokenExchange. Set the audience where the token is made: \`audience\` of the projected volume (Kubernetes), \`audience=\` of the request (GitHub), \`-audience\` (SPIFFE).\n${noCertificate}`,
    ],
  );
  writeFileSync(token, assertion('api://AzureADTokenExchange'));
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^  test:.*\n/m, ''));
  assert.equal((await cli('check')).err, '');
});

test('check says which store cannot be read and what to do, with exit 78', async (t) => {
  const { folder, cli } = await installed(t);
  const store = join(folder, 'openndes.db');
  writeFileSync(store, 'this is a text and no database'.repeat(100), { mode: 0o600 });
  const { code, err } = await cli('check');
  assert.equal(code, 78);
  assert.match(err, /store: .*openndes\.db cannot be used: file is not a database/);
  assert.match(err, /not a SQLite database/);
});
