/** `openndes doctor` tells the five usual causes apart, each with what, where and why, and its remedy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateOutcome } from '../../../src/cli/doctor/server-certificate.ts';
import { systemRandom } from '../../../src/embed/system.ts';
import { lookAtTls } from '../../../src/outbound/tls-look.ts';
import { newAuthority, serverCredential } from '../../../src/simulator/throwaway-ca.ts';
import { type Diagnosis, finding, read, withPublicTenant } from './diagnosed.ts';
import { spoilingProxy } from './spoiling-proxy.ts';

const [LOGIN, GRAPH] = ['login.microsoftonline.com', 'graph.microsoft.com'];

/** What stands first in the plan, and the words of all findings that failed or were not run. */
const said = ({ verdict, plan, findings }: Diagnosis) => ({
  verdict,
  first: { id: plan[0]?.id, cause: plan[0]?.cause, text: plan[0]?.text, remedy: plan[0]?.remedy },
  notRun: findings.filter((each) => each.verdict === 'NOT-RUN').map(({ id }) => id.replace('tenant.corp.', '')),
});

const withoutUrl = ['url'];

test('the clock of the machine is wrong: by how much, against which host, and how to set it', async (t) => {
  const { simulator, doctor } = await withPublicTenant(t);
  simulator.clock.advance(-7200);
  const reply = await doctor();
  assert.equal(reply.code, 1);
  const { first } = said(read(reply));
  assert.match(
    first.text ?? '',
    /^The clock of this machine is (7199|720[0-5]) seconds ahead of that of login\.microsoftonline\.com, which says 20\d\d-[-T:.0-9]+Z\.$/,
  );
  assert.deepEqual(
    { ...first, text: '' },
    {
      id: 'tenant.corp.clock',
      cause: 'clock',
      text: '',
      remedy:
        'Set the clock and keep it right with NTP (`timedatectl set-ntp true`, chrony); a virtual machine may take the time of its host.',
    },
  );
});

test('the role for Intune is missing, and the permission for Graph: each by its name', async (t) => {
  const { simulator, doctor } = await withPublicTenant(t);
  simulator.app.setRoles({ intune: [] });
  assert.deepEqual(said(read(await doctor())), {
    verdict: 'FAIL',
    first: {
      id: 'tenant.corp.roles',
      cause: 'permission',
      text: 'The token for Intune has no role scep_challenge_provider.',
      remedy:
        'Grant the application role scep_challenge_provider of "Microsoft Intune API" with admin consent; see docs/intune.md.',
    },
    notRun: ['validateRequest', ...withoutUrl],
  });
  simulator.app.setRoles({ intune: ['scep_challenge_provider'], graph: [] });
  const { first, notRun } = said(read(await doctor()));
  assert.deepEqual(
    [first.id, first.cause, first.remedy, notRun],
    [
      'tenant.corp.discovery',
      'permission',
      'Grant the application role Application.Read.All of Microsoft Graph with admin consent.',
      ['tls.intune', 'validateRequest', ...withoutUrl],
    ],
  );
  assert.match(first.text ?? '', /^Intune discovery: HTTP 403, Authorization_RequestDenied: Insufficient privileges/);
});

test('the client secret is wrong, or has ended', async (t) => {
  const { simulator, doctor } = await withPublicTenant(t, { secret: 'value-of-a-secret-that-is-going-to-end' });
  const wrong = said(read(await doctor()));
  assert.deepEqual(wrong, {
    verdict: 'FAIL',
    first: {
      id: 'tenant.corp.token',
      cause: 'credential',
      text: wrong.first.text,
      remedy: 'Give the value of the secret, not its id; make a new one if the value is lost.',
    },
    notRun: ['credential', 'roles', 'discovery', 'tls.intune', 'validateRequest', ...withoutUrl],
  });
  assert.match(
    wrong.first.text ?? '',
    /^Intune token: Entra ID gave no token: invalid_client, AADSTS7000215, the client secret is wrong/,
  );
  simulator.app.addSecret({
    value: 'value-of-a-secret-that-is-going-to-end',
    startDateTime: '2025-01-01T00:00:00Z',
    endDateTime: '2025-06-01T00:00:00Z',
  });
  const ended = said(read(await doctor()));
  assert.deepEqual(
    [ended.first.id, ended.first.cause, ended.first.remedy],
    [
      'tenant.corp.token',
      'credential',
      'Make a new client secret in the app registration and put it into the configuration.',
    ],
  );
  assert.match(
    ended.first.text ?? '',
    /^Intune token: Entra ID gave no token: invalid_client, AADSTS7000222, the client secret has expired/,
  );
});

test('a client secret that ends in 20 days, and an assertion that is not there', async (t) => {
  const secret = 'abc-value-of-a-secret-that-ends-soon';
  const { simulator, folder, config, cli, doctor } = await withPublicTenant(t, { secret });
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  simulator.app.addSecret({ value: secret, displayName: 'of 2026', startDateTime: day(-9), endDateTime: day(20.5) });
  const { code, ...said } = await doctor();
  const { verdict, cause, text } = finding(read({ code, ...said }), 'tenant.corp.credential');
  assert.deepEqual([code, verdict, cause], [0, 'PASS-WITH-WARNINGS', 'ending']);
  assert.match((await cli('doctor')).out, /^   Cause: a credential of the app ends soon\.$/m);
  assert.match(text, /^The credential \(of 2026\) ends in 20 days, at 20/);
  const federated = '"federated":{"file":"gone.jwt"}';
  writeFileSync(config, readFileSync(config, 'utf8').replace(/"clientSecret":"[^"]*"/, federated));
  const gone = read(await doctor());
  assert.deepEqual([gone.plan[0]?.id, gone.plan[0]?.cause], ['tenant.corp.token', 'credential']);
  assert.equal(
    gone.plan[0]?.text,
    `Intune token: no token was asked for: ${join(folder, 'gone.jwt')}: there is no such file (the assertion)`,
  );
});

test('a firewall opens TLS: the issuer of the certificate that it shows is named, also when this machine trusts it', async (t) => {
  const { doctor } = await withPublicTenant(t, { trusted: false });
  const issuer = '"CN=openndes simulator CA (for tests only)"';
  assert.deepEqual(said(read(await doctor())), {
    verdict: 'FAIL',
    first: {
      id: `tenant.corp.tls.${LOGIN}`,
      cause: 'network',
      text: `The TLS certificate of ${LOGIN} was issued by ${issuer}, which this machine does not trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE): a proxy or a firewall opens TLS.`,
      remedy: `Exempt ${LOGIN} from the inspection of TLS, or give the CA of the proxy as \`trustCa\` of the tenant.`,
    },
    notRun: ['token', 'credential', 'roles', 'discovery', 'tls.intune', 'validateRequest', ...withoutUrl],
  });
  const trusted = await withPublicTenant(t);
  const reply = await trusted.doctor();
  assert.equal(reply.code, 0);
  const { verdict, cause, text } = finding(read(reply), `tenant.corp.tls.${GRAPH}`);
  assert.deepEqual(
    [read(reply).verdict, verdict, cause, text],
    [
      'PASS-WITH-WARNINGS',
      'PASS-WITH-WARNINGS',
      'network',
      `The TLS certificate of ${GRAPH} was issued by ${issuer}, which is no public CA: a proxy or a firewall opens TLS, and is trusted.`,
    ],
  );
});

test('a proxy blocks the way, and a block page answers in place of Graph', async (t) => {
  const blocked = await withPublicTenant(t, { proxyStatus: 403 });
  assert.deepEqual(said(read(await blocked.doctor())), {
    verdict: 'FAIL',
    first: {
      id: `tenant.corp.tls.${LOGIN}`,
      cause: 'network',
      text: `${LOGIN} cannot be reached: the proxy answered with HTTP 403.`,
      remedy: `Look at the network, the proxy and the service health. Outbound TCP 443 to ${LOGIN} must be open.`,
    },
    notRun: ['clock', 'token', 'credential', 'roles', 'discovery', 'tls.intune', 'validateRequest', ...withoutUrl],
  });
  const { simulator, doctor } = await withPublicTenant(t);
  simulator.fault({ hop: 'discovery', fault: 'html', count: 10 });
  const { first } = said(read(await doctor()));
  assert.deepEqual(
    [first.id, first.cause, first.remedy],
    [
      'tenant.corp.discovery',
      'network',
      'Something else answered in place of the service: look for a proxy or a block page.',
    ],
  );
});

test('a proxy spoils the public URL, while everything else works', async (t) => {
  const { doctor, started } = await withPublicTenant(t);
  const { origin } = await started();
  const portal = await spoilingProxy(t, origin, {
    before: (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in'),
  });
  const path = '/certsrv/mscep/mscep.dll';
  const { verdict, plan } = read(await doctor('--url', portal + path));
  assert.deepEqual(
    [verdict, plan[0]],
    [
      'FAIL',
      {
        id: `url.GetCACaps ${path}`,
        cause: 'proxy',
        text: 'An HTML page came in place of the answer to GetCACaps (HTTP 200): a portal, a login or a block page.',
        remedy:
          'Let this path through without a login or a check for browsers: pre-authentication "Passthrough" in Entra application proxy.',
      },
    ],
  );
});

test('a certificate that is out of time: the network, when the Date of the reply agrees with our clock', async () => {
  const longAgo = new Date(Date.now() - 700 * 86_400_000);
  const authority = await newAuthority(longAgo, systemRandom);
  const { key, certificate } = await serverCredential(authority, longAgo, systemRandom);
  const told = async (date: Date | undefined) => {
    const server = createServer({ key, cert: certificate }, (_request, response) => {
      response.sendDate = false;
      response.writeHead(200, date ? { date: date.toUTCString() } : {}).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const look = await lookAtTls({ url, trustCa: authority.certificate, timeoutMs: 10_000 });
    server.closeAllConnections();
    server.close();
    const { cause, text } = certificateOutcome(new URL('https://login.microsoftonline.com'), look, {
      isMicrosoft: true,
    });
    return [cause, text];
  };
  const seen =
    'The TLS certificate of login.microsoftonline.com was issued by "CN=openndes simulator CA (for tests only)", and';
  assert.deepEqual(await told(new Date()), [
    'network',
    `${seen} it is not valid now (CERT_HAS_EXPIRED), while the clock of this machine is right.`,
  ]);
  for (const date of [longAgo, undefined])
    assert.deepEqual(await told(date), [
      'clock',
      `${seen} by the clock of this machine it is not valid (CERT_HAS_EXPIRED).`,
    ]);
});

test('a proxy that does not run is named, and not the host behind it', async () => {
  const url = new URL('https://login.microsoftonline.com');
  const proxy = 'http://user:hunter2@127.0.0.1:1';
  const look = await lookAtTls({ url, proxy, timeoutMs: 10_000 });
  const { text, remedy } = certificateOutcome(url, look, { isMicrosoft: true, proxy });
  assert.deepEqual(
    [text, remedy],
    [
      'login.microsoftonline.com cannot be reached: ECONNREFUSED at the proxy 127.0.0.1:1.',
      'Look at host and port in `proxy`, and whether the proxy runs. Outbound TCP 443 to login.microsoftonline.com must be open.',
    ],
  );
});
