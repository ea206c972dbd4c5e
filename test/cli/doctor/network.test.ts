/** `openndes doctor`: names that lead nowhere or inside, and what a firewall must let out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { addressOutcome } from '../../../src/cli/doctor/addresses.ts';
import { firewallProbes } from '../../../src/cli/doctor/firewall-probes.ts';
import { readConfig } from '../../../src/app/configuration-file.ts';
import { configured } from '../../wiring/server.ts';

test('a name without an address: the network, with the code of the DNS', async () => {
  const { verdict, cause, text, remedy } = await addressOutcome(new URL('https://name.invalid'), { isMicrosoft: true });
  assert.deepEqual(
    [verdict, cause, remedy],
    ['FAIL', 'network', 'Look at the DNS servers of this machine and at what they may resolve, or give a `proxy`.'],
  );
  assert.match(text, /^The name name\.invalid has no address: (ENOTFOUND|EAI_AGAIN|no answer of the DNS in time)\.$/);
});

test('a private address is a warning for a service of Microsoft, and right for one of your own', async () => {
  const address = '172.31.0.9';
  const inside = await addressOutcome(new URL(`https://${address}`), { isMicrosoft: true });
  assert.deepEqual(
    [inside.verdict, inside.cause, inside.text],
    ['PASS-WITH-WARNINGS', 'network', `The name ${address} leads to the private address ${address}.`],
  );
  const verdictOf = async (host: string, isMicrosoft: boolean): Promise<string> =>
    (await addressOutcome(new URL(`https://${host}`), { isMicrosoft })).verdict;
  assert.equal(await verdictOf(address, false), 'PASS');
  for (const own of [
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.1.1',
    '127.0.0.1',
    '[::1]',
    '[fd00::1]',
    '[fe80::1]',
  ])
    assert.equal(await verdictOf(own, true), 'PASS-WITH-WARNINGS', own);
  for (const open of ['172.32.0.1', '11.0.0.1', '192.169.0.1', '[2603:1006::1]'])
    assert.equal(await verdictOf(open, true), 'PASS', open);
});

test('behind a proxy the name is not asked for here; a proxy that does not answer is named', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const look = () =>
    addressOutcome(new URL('https://name.invalid'), { isMicrosoft: true, proxy: `http://ada:password@${host}` });
  assert.deepEqual(await look(), {
    verdict: 'PASS',
    text: `The proxy ${host} asks for the name name.invalid.`,
    details: [],
  });
  server.close();
  await once(server, 'close');
  assert.deepEqual(await look(), {
    verdict: 'FAIL',
    text: `The proxy ${host}, which asks for the name name.invalid, does not answer: ECONNREFUSED.`,
    remedy: 'Look at host and port in `proxy`, at the firewall before it, and whether the proxy runs.',
    cause: 'network',
  });
});

test('the list for a firewall: the hosts of the cloud, the service tag, proxies and webhooks', async () => {
  const tenant = { tenant: 'contoso.example', clientId: '11111111-2222-3333-4444-555555555555' };
  const secret = { clientSecret: 'a-secret-of-the-test' };
  const { config } = readConfig(
    configured({
      tenants: {
        corp: { ...tenant, ...secret, proxy: 'http://ada:password@proxy.example:3128' },
        government: { ...tenant, managedIdentity: { from: 'imds' }, cloud: 'gcc-high' },
      },
      endpoints: [
        {
          path: '/hook',
          policy: { webhook: { url: 'https://hook.example:8443/decide', secret: 'a-secret-of-16-characters' } },
        },
      ],
    }),
  );
  const [row] = firewallProbes(config);
  const tag =
    'AzureFrontDoor.MicrosoftSecurity, TCP 443: the service tag of Intune since December 2025, for firewalls that filter by address';
  const intune = 'TCP 443: Intune; the host that Graph names differs from tenant to tenant';
  assert.deepEqual(await row?.run(), {
    verdict: 'PASS',
    text: 'This machine must be able to connect to:',
    details: [
      'proxy.example:3128: the proxy, which must reach what follows',
      'login.microsoftonline.com, TCP 443: tokens (Entra ID)',
      'graph.microsoft.com, TCP 443: discovery (Microsoft Graph)',
      `*.manage.microsoft.com, ${intune}`,
      tag,
      'graph.microsoft.us, TCP 443: discovery (Microsoft Graph)',
      `*.manage.microsoft.us, ${intune}`,
      'hook.example, TCP 8443: webhook',
    ],
  });
  assert.deepEqual(firewallProbes(readConfig(configured({})).config), []);
});
