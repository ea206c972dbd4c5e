/** Clouds, their hosts, and settings that are refused before anything is sent. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { intuneClient } from '../../src/intune/client.ts';
import { type CloudName, resolveCloud } from '../../src/intune/clouds.ts';

const trusts = (cloud: Parameters<typeof resolveCloud>[0], uri: string): boolean =>
  resolveCloud(cloud).trusts(new URL(uri));

describe('clouds', () => {
  const ROWS: [CloudName, string, string, string][] = [
    ['public', 'login.microsoftonline.com', 'graph.microsoft.com', 'api.manage.microsoft.com'],
    ['gcc-high', 'login.microsoftonline.us', 'graph.microsoft.us', 'api.manage.microsoft.us'],
    ['dod', 'login.microsoftonline.us', 'dod-graph.microsoft.us', 'api.manage.microsoft.us'],
  ];
  for (const [name, login, graph, intune] of ROWS)
    test(name, () => {
      const cloud = resolveCloud(name);
      assert.deepEqual(
        [cloud.login, cloud.graph, cloud.intune],
        [`https://${login}`, `https://${graph}`, `https://${intune}`],
      );
    });

  test('china has no published Intune resource, and the error says what to write', () => {
    const written =
      '`cloud: { login: https://login.partner.microsoftonline.cn, graph: https://microsoftgraph.chinacloudapi.cn, intune: URL }`';
    assert.throws(
      () => resolveCloud('china'),
      (error) => error instanceof ConfigError && error.remedy.includes(written),
    );
  });

  test('only https URLs without credentials and query are accepted', () => {
    const urls = { login: 'https://a.example/', graph: 'https://b.example', intune: 'https://c.example/' };
    assert.equal(resolveCloud(urls).login, 'https://a.example');
    for (const bad of [
      'http://a.example',
      'a.example',
      '',
      'https://user@a.example',
      'https://a.example/?q',
      'file:///x',
    ])
      for (const key of ['login', 'graph', 'intune'])
        assert.throws(() => resolveCloud({ ...urls, [key]: bad }), ConfigError, `${key} ${bad}`);
  });
});

describe('hosts', () => {
  const china = {
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    intune: 'https://api.manage.microsoftonline.cn/',
  };
  test('the cloud’s own hosts are trusted', () => {
    assert.ok(trusts('public', 'https://fef.msuc02.manage.microsoft.com/RACerts/'));
    assert.ok(trusts('gcc-high', 'https://fef.x.manage.microsoft.us/'));
    assert.ok(trusts('dod', 'https://fef.x.manage.microsoft.us/'));
    assert.ok(trusts(china, 'https://fef.cnpasu01.manage.microsoftonline.cn/'));
  });
  for (const uri of [
    'https://manage.microsoft.com.evil.example/',
    'https://evilmanage.microsoft.com/',
    'https://evil.example/.manage.microsoft.com',
    'https://fef.manage.microsoft.com@evil.example/',
    'https://evil.example#.manage.microsoft.com',
    'http://fef.manage.microsoft.com/',
    'https://fef.manage.microsoft.com:8443/',
    'https://fef.manage.microsoft.us/',
  ])
    test(`the public cloud does not trust ${uri}`, () => {
      assert.equal(trusts('public', uri), false);
    });
});

describe('settings', () => {
  const good = {
    tenant: 'contoso.example',
    clientId: 'id',
    clientSecret: 'secret',
    clock: () => new Date(),
    uuid: () => 'u',
    callerInfo: 'c',
  };
  test('valid settings make a client that sends nothing', async () => {
    const client = intuneClient(good);
    assert.equal(client.health().ok, true);
    await client.close();
  });
  for (const bad of [
    { tenant: '' },
    { tenant: 'common' },
    { tenant: 'contoso/../evil' },
    { clientId: '' },
    { clientSecret: '' },
    { proxy: 'socks5://user:password@proxy' },
  ])
    test(`refused: ${JSON.stringify(bad)}`, () => {
      assert.throws(
        () => intuneClient({ ...good, ...bad }),
        (error) => error instanceof ConfigError && error.remedy !== '' && !error.message.includes('password'),
      );
    });
});
