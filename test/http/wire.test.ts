/** What clients put on the wire, octet for octet, over a TCP connection of their own: nothing between us and the parser. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { httpServer } from '../../src/http/http-server.ts';
import {
  assertIssued,
  BASE64,
  lab,
  listening,
  MESSAGE,
  only,
  operation,
  PATH,
  type RawResponse,
  raw,
} from './server-under-test.ts';
import { keptLog } from '../kit/log.ts';

let app: FastifyInstance;
let port: number;
before(async () => {
  const { service, clock } = await lab();
  app = await httpServer({ services: [service], emit: keptLog().emit, clock, grace: 50 });
  port = await listening(app);
});
after(() => app.close());

const HOST = 'Host: scep.example\r\nConnection: close\r\n';
const get = async (target: string, headers = HOST): Promise<RawResponse> =>
  only(await raw(port, `GET ${target} HTTP/1.1\r\n${headers}\r\n`));
const post = async (
  body: Uint8Array | string,
  target = operation('PKIOperation'),
  headers = '',
): Promise<RawResponse> => {
  const head = `POST ${target} HTTP/1.1\r\n${HOST}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return only(await raw(port, head, body));
};

type Issues = () => Promise<RawResponse>;

const escaped = encodeURIComponent(BASE64);
const ISSUES: Readonly<Record<string, Issues>> = {
  'H06 POST with no Content-Type': () => post(MESSAGE),
  'H06 POST of a form that is none': () =>
    post(MESSAGE, undefined, 'Content-Type: application/x-www-form-urlencoded\r\n'),
  'H06 POST of JSON that is none': () => post(MESSAGE, undefined, 'Content-Type: application/json\r\n'),
  'H06 POST with a Content-Type without sense': () => post(MESSAGE, undefined, 'Content-Type: ;;=\r\n'),
  'H07 POST to the path alone': () => post(MESSAGE, PATH),
  'H07 POST with unknown parameters': () => post(MESSAGE, `${PATH}?k=v&operation=PKIOperation&-M`),
  'H08 GET, percent-encoded': () => get(operation('PKIOperation', escaped)),
  'H09 GET with raw plus and slash': () => get(operation('PKIOperation', BASE64.replaceAll('=', '%3D'))),
  'H10 GET in lines of 64 columns': () => get(operation('PKIOperation', BASE64.replace(/.{64}/g, '$&%0A'))),
  'H11 GET in the URL-safe alphabet': () => get(operation('PKIOperation', Buffer.from(MESSAGE).toString('base64url'))),
  'H12 GET, encoded twice': () => get(operation('PKIOperation', encodeURIComponent(escaped))),
  'H13 GET with a target of more than 40 KB': () =>
    get(`${operation('PKIOperation', escaped)}&padding=${'p'.repeat(40 * 1024)}`),
  'H15 POST of base64': () => post(BASE64),
  'H16 POST with seven octets behind the message': () => post(Buffer.concat([MESSAGE, Buffer.alloc(7, 0xff)])),
};
for (const [what, ask] of Object.entries(ISSUES))
  test(`${what}: a certificate`, async () => {
    const { status, headers, body } = await ask();
    assert.deepEqual([status, headers.get('content-type')], [200, 'application/x-pki-message']);
    await assertIssued(body);
  });

const SPELLINGS = [
  '/certsrv/mscep/mscep.dll',
  '/CertSrv/MSCEP/MSCEP.DLL',
  '/certsrv/mscep/',
  '//certsrv//mscep///mscep.dll/',
  '/certsrv/mscep/mscep.dll/pkiclient.exe',
  '/certsrv/mscep/pkiclient.exe',
  '/certsrv/mscep/mscep.dll/pkiclient.exe/pkiclient.exe',
  '/cgi-bin/pkiclient.exe',
  '/certsrv/mscep_admin/mscep.dll',
];
for (const spelling of SPELLINGS)
  test(`H01 H22 ${spelling} leads to the same octets`, async () => {
    for (const name of ['GetCACaps', 'GetCACert']) {
      const [asked, canonical] = [await get(`${spelling}?operation=${name}`), await get(operation(name))];
      assert.equal(asked.status, 200);
      assert.deepEqual(asked, { ...canonical, headers: asked.headers });
      assert.equal(asked.headers.get('content-type'), canonical.headers.get('content-type'));
    }
  });

for (const target of ['operation=getcacert', 'OPERATION=GETCACERT&Message=x', 'operation=GetCACert&message=%zz%00&=&&'])
  test(`H02 H03 GET ${target} is answered like GetCACert`, async () =>
    assert.deepEqual((await get(`${PATH}?${target}`)).body, (await get(operation('GetCACert'))).body));

const UNREADABLE: Readonly<Record<string, Issues>> = {
  'H17 POST of nothing': () => post(''),
  'H17 POST of a page': () => post('<html></html>'),
  'H17 POST of an open SEQUENCE': () => post(Buffer.from('3080', 'hex')),
  'H17 GET of no message': () => get(operation('PKIOperation')),
  'H19 GET of an operation that is none': () => get(operation('Foo')),
};
for (const [what, ask] of Object.entries(UNREADABLE))
  test(`${what}: 400 in plain text, and the next one is served`, async () => {
    const { status, headers, body } = await ask();
    assert.deepEqual([status, headers.get('content-type'), body.toString()], [400, 'text/plain', 'bad request']);
    await assertIssued((await post(MESSAGE)).body);
  });

for (const [name, type] of Object.entries({ GetCACaps: 'text/plain', GetCACert: 'application/x-x509-ca-ra-cert' }))
  test(`H20 H23 ${name} is ${type} and nothing more, with Accept-Encoding too`, async () => {
    const plain = await get(operation(name));
    const asked = await get(operation(name), `${HOST}Accept-Encoding: gzip, br, *\r\nCookie: a=b\r\n`);
    assert.deepEqual(asked.body, plain.body);
    assert.equal(asked.headers.get('content-type'), type);
    for (const absent of [
      'content-encoding',
      'transfer-encoding',
      'set-cookie',
      'location',
      'server',
      'www-authenticate',
    ])
      assert.ok(!asked.headers.has(absent), absent);
  });
