/** `openndes doctor --url`: what proxies do to a SCEP URL, each named with its remedy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { systemRandom } from '../../../src/embed/system.ts';
import { newAuthority, serverCredential } from '../../../src/simulator/throwaway-ca.ts';
import { installed } from '../../app/installation.ts';
import { type Diagnosis, finding, read } from './diagnosed.ts';
import { type Spoiling, spoilingProxy } from './spoiling-proxy.ts';

const PATH = '/certsrv/mscep/mscep.dll';
const tlsAuthority = await newAuthority(new Date(), systemRandom);
const { key, certificate: cert } = await serverCredential(tlsAuthority, new Date(), systemRandom);

/** A server behind a proxy, and what `doctor` says of that. */
async function behind(t: TestContext, spoiling: Spoiling, ...more: string[]): Promise<Diagnosis & { code: number }> {
  const { cli, started } = await installed(t);
  const { origin } = await started();
  const url = (await spoilingProxy(t, origin, spoiling)) + PATH;
  const reply = await cli('doctor', '--json', '--url', url, ...more);
  return { ...read(reply), code: reply.code };
}

const overTls = async (t: TestContext, options: ServerOptions = {}, before?: Spoiling['before']) => {
  const { folder } = await installed(t);
  const ca = join(folder, 'tls-ca.pem');
  writeFileSync(ca, tlsAuthority.certificate);
  return behind(t, { tls: { key, cert, ...options }, ...(before && { before }) }, '--trust-ca', ca);
};

/** The finding, what it says and how `doctor` ended. */
function named(diagnosis: Diagnosis & { code: number }, what: string) {
  const { verdict, cause, text, remedy } = finding(diagnosis, `url.${what} ${PATH}`);
  return { code: diagnosis.code, verdict, cause, text, remedy };
}

test('a proxy that changes nothing, with TLS of a CA that devices trust: PASS, and a URL of 64 KB', async (t) => {
  const diagnosis = await overTls(t);
  assert.deepEqual([diagnosis.code, diagnosis.verdict, diagnosis.plan], [0, 'PASS', []]);
  assert.equal(
    finding(diagnosis, `url.tls ${PATH}`).text,
    'TLS 1.2 works, no client certificate is asked for, and "CN=openndes simulator CA (for tests only)" issued the certificate.',
  );
  assert.equal(
    finding(diagnosis, `url.length ${PATH}`).text,
    'URLs of 65536 octets reach the server: enough for every client.',
  );
  // This process trusts that CA from now on, as a machine with a CA of its company does.
  const { cause, ...unnamed } = named(await behind(t, { tls: { key, cert } }), 'tls');
  assert.equal(cause, undefined);
  assert.deepEqual(unnamed, {
    code: 0,
    verdict: 'PASS-WITH-WARNINGS',
    text: 'The TLS certificate was issued by "CN=openndes simulator CA (for tests only)", which is no public CA.',
    remedy:
      'See that every device trusts that CA before it enrols, and name it with --trust-ca; or use a public certificate.',
  });
});

test('a redirect: where to, and that clients do not follow it', async (t) => {
  const diagnosis = await behind(t, {
    before: ({ url }, response) => void response.writeHead(301, { location: `https://scep.example${url}` }).end(),
  });
  assert.deepEqual(named(diagnosis, 'GetCACaps'), {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    text: `The public URL redirects: GetCACaps got HTTP 301 to https://scep.example${PATH}?operation=GetCACaps. Many SCEP clients follow no redirect.`,
    remedy: 'Serve this path without a redirect, also on http; or give devices the URL at which it ends.',
  });
  assert.equal(finding(diagnosis, `url.PKIOperation ${PATH}`).verdict, 'NOT-RUN');
});

test('a proxy that passes on the path alone: Windows appends /pkiclient.exe', async (t) => {
  const diagnosis = await behind(t, {
    before: ({ url = '' }, response) =>
      url.includes('pkiclient.exe') ? void response.writeHead(404, { server: 'gateway' }).end() : url,
  });
  assert.deepEqual(named(diagnosis, 'pkiclient'), {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    text: 'The path with /pkiclient.exe at its end does not lead to openndes: HTTP 404 (gateway). Windows appends that and cannot enrol.',
    remedy: 'Let the proxy pass on everything below the path, and not the path alone.',
  });
  assert.deepEqual(
    diagnosis.plan.map(({ id }) => id),
    [`url.pkiclient ${PATH}`, `url.tls ${PATH}`],
  );
});

test('an HTML page, also one that comes only in place of a reply to POST', async (t) => {
  const page = 'An HTML page came in place of the answer to';
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const all = await behind(t, {
    before: (_request, response) => void response.writeHead(403, html).end('<!doctype html>'),
  });
  assert.equal(named(all, 'GetCACaps').text, `${page} GetCACaps (HTTP 403): a portal, a login or a block page.`);
  const post = await behind(t, {
    before: ({ method, url }, response) =>
      method === 'POST' ? void response.writeHead(200, html).end('<html>blocked</html>') : url,
  });
  assert.equal(named(post, 'GetCACert').verdict, 'PASS');
  assert.deepEqual(named(post, 'PKIOperation'), {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    text: `${page} PKIOperation (HTTP 200): a portal, a login or a block page.`,
    remedy:
      'Let this path through without a login or a check for browsers: pre-authentication "Passthrough" in Entra application proxy.',
  });
});

test('a body that was taken for text, and a reply with one octet changed', async (t) => {
  const remedy =
    'Switch off at the proxy what changes bodies: "Translate URLs in application body" of Entra application proxy, compression, filters, caches.';
  const text = await behind(t, { after: (answer) => ({ ...answer, body: Buffer.from(answer.body.toString('utf8')) }) });
  const { text: said, ...rest } = named(text, 'GetCACert');
  assert.deepEqual(rest, { code: 1, verdict: 'FAIL', cause: 'proxy', remedy });
  assert.match(said, /^The answer to GetCACert was changed on its way: \d+ octets that are no certificates\.$/);
  const flipped = await behind(t, {
    after(answer, url) {
      if (url.includes('GetCACert') || url.includes('GetCACaps')) return answer;
      const body = Buffer.from(answer.body);
      body.writeUInt8(body.readUInt8(body.length - 5) ^ 1, body.length - 5);
      return { ...answer, body };
    },
  });
  assert.equal(named(flipped, 'GetCACert').verdict, 'PASS');
  const { text: reply, ...others } = named(flipped, 'PKIOperation');
  assert.deepEqual(others, { code: 1, verdict: 'FAIL', cause: 'proxy', remedy });
  assert.match(reply, /^The signed reply was changed on its way: /);
});

test('GetCACert of another server', async (t) => {
  const other = await installed(t);
  const { origin } = await other.started();
  const diagnosis = await behind(t, {
    before({ url = '' }, response) {
      if (!url.includes('GetCACert')) return url;
      void fetch(origin + url).then(async (answer) => {
        response.writeHead(200, { 'content-type': answer.headers.get('content-type')! });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
      return undefined;
    },
  });
  assert.equal(
    named(diagnosis, 'GetCACert').text,
    'The issuing CA of the configuration is not in the answer to GetCACert: another server, or an old answer from a cache.',
  );
});

test('URLs refused beyond 8 KB as nginx does, with the setting of nginx', async (t) => {
  const diagnosis = await behind(t, {
    before({ url = '' }, response) {
      if (url.length < 8000) return url;
      response.writeHead(414, { server: 'nginx/1.22.1', 'content-type': 'text/html' }).end('<html>414');
      return undefined;
    },
  });
  const { text, ...rest } = named(diagnosis, 'length');
  assert.deepEqual(rest, {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    remedy:
      'To change at the proxy: nginx: `large_client_header_buffers 4 128k;` in `server` or `http`. See docs/reverse-proxies.md.',
  });
  assert.equal(
    text,
    'The proxy cuts URLs at 8 KB: 4096 octets reach the server, 8192 do not (HTTP 414 (nginx/1.22.1)).',
  );
});

test('URLs that are cut off at 16 KB and passed on', async (t) => {
  const diagnosis = await behind(t, { before: ({ url = '' }) => url.slice(0, 16_000) });
  const { text, verdict } = named(diagnosis, 'length');
  assert.equal(verdict, 'FAIL');
  assert.match(text, /^The proxy cuts URLs at 16 KB: 8192 octets reach the server, 16384 do not \(HTTP 400/);
});

test('URLs refused beyond 32 KB are a warning', async (t) => {
  const diagnosis = await behind(t, {
    before: ({ url = '' }, response) => (url.length < 32_000 ? url : void response.writeHead(431).end()),
  });
  const { text, verdict, code } = named(diagnosis, 'length');
  assert.deepEqual([code, verdict], [0, 'PASS-WITH-WARNINGS']);
  assert.match(text, /^The proxy cuts URLs at 32 KB: 16384 octets reach the server, 32768 do not \(HTTP 431/);
});

test('a question for a client certificate: optional, demanded, and after the request', async (t) => {
  const expected = {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    text: 'The public URL asks for a client certificate. A device has none yet: Windows ends with 0x80072f78, and Apple cannot renew.',
    remedy:
      'Switch the question off for this name: `ssl_verify_client off` in nginx, client certificates "Ignore" in IIS, no mutual TLS at the gateway.',
  };
  assert.deepEqual(named(await overTls(t, { requestCert: true, rejectUnauthorized: false }), 'tls'), expected);
  assert.deepEqual(named(await overTls(t, { requestCert: true, rejectUnauthorized: true }), 'tls'), expected);
  const late = await overTls(t, { maxVersion: 'TLSv1.2' }, ({ socket }, response) => {
    const options = { requestCert: true, rejectUnauthorized: false };
    (socket as TLSSocket).renegotiate(options, () => response.end());
    return undefined;
  });
  assert.deepEqual(named(late, 'tls'), expected);
});

test('TLS 1.3 only', async (t) => {
  assert.deepEqual(named(await overTls(t, { minVersion: 'TLSv1.3' }), 'tls'), {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    text: 'The public URL speaks TLS 1.3 only. The SCEP client of Windows speaks at most TLS 1.2 and ends with 0x80072f8f.',
    remedy: 'Allow TLS 1.2 too: `ssl_protocols TLSv1.2 TLSv1.3;` in nginx.',
  });
});

test('a charset at each content type, and another content type', async (t) => {
  const charset = await behind(t, {
    after: ({ headers, ...rest }) => ({
      ...rest,
      headers: { 'content-type': `${headers['content-type']}; charset=utf-8` },
    }),
  });
  assert.deepEqual(named(charset, 'GetCACaps'), {
    code: 1,
    verdict: 'FAIL',
    cause: 'proxy',
    text: 'A proxy adds to the content type of GetCACaps: "text/plain; charset=utf-8". Apple clients compare all of it.',
    remedy: 'Take the charset away at the proxy: `charset off;` in nginx, no `AddDefaultCharset` in Apache.',
  });
  const other = await behind(t, {
    after: ({ headers, ...rest }) => ({
      ...rest,
      headers: {
        'content-type': headers['content-type'] === 'text/plain' ? 'text/plain' : 'application/octet-stream',
      },
    }),
  });
  assert.equal(
    named(other, 'GetCACert').text,
    'The content type of GetCACert is "application/octet-stream" and must be "application/x-x509-ca-ra-cert".',
  );
});

test('a certificate that is not trusted, nothing that listens, and control characters of a proxy', async (t) => {
  const other = await serverCredential(await newAuthority(new Date(), systemRandom), new Date(), systemRandom);
  const untrusted = await behind(t, { tls: { key: other.key, cert: other.certificate } });
  assert.match(
    named(untrusted, 'tls').text,
    /^The TLS certificate of 127\.0\.0\.1:\d+, issued by "CN=openndes simulator CA \(for tests only\)", is not accepted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\.$/,
  );
  const { cli } = await installed(t);
  const gone = read(await cli('doctor', '--json', '--url', `https://127.0.0.1:1${PATH}`));
  assert.equal(finding(gone, `url.tls ${PATH}`).text, '127.0.0.1:1 cannot be reached: ECONNREFUSED.');
  const hostile = await behind(t, {
    before: (_request, response) => void response.writeHead(502, { server: 'evil\u009b31m' }).end('\u001b[2J'),
  });
  assert.equal(named(hostile, 'GetCACaps').text, 'GetCACaps got HTTP 502 (evil\\u{9b}31m).');
});

test('an answer without an end is cut', async (t) => {
  const diagnosis = await behind(t, {
    before(_request, response) {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) void once(response, 'drain').then(more, () => {});
      };
      more();
      return undefined;
    },
  });
  assert.match(named(diagnosis, 'GetCACaps').text, /^the answer has more than 4194304 octets\.$/);
});
