/** Messages out of bodies: what is no DER is read once from its first octet to its last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from '../../src/core/errors.ts';
import { messageFromBody } from '../../src/http/message-decoding.ts';
import { queryValue } from '../../src/http/query.ts';

const DER = Buffer.from('3003020101', 'hex');
const BASE64 = DER.toString('base64');
const undecodable = (error: unknown) => error instanceof HttpError && error.code === 'message_undecodable';

for (const [name, text] of Object.entries({
  base64: BASE64,
  'wrapped base64': `${BASE64.slice(0, 4)}\r\n${BASE64.slice(4)}\n`,
  PEM: `-----BEGIN PKCS7-----\n${BASE64}\n-----END PKCS7-----\n`,
  'PEM after words': `Subject: x\n-----BEGIN PKCS7-----\r\n${BASE64}\r\n-----END PKCS7-----`,
}))
  test(`${name} is read`, () => assert.deepEqual(Buffer.from(messageFromBody(Buffer.from(text))), DER));

const MOST = 256 * 1024 - 1;
for (const line of ['-----BEGIN ', '-----BEGIN A-----', '-----BEGIN A-----\n', '-----', '-----END A-----', ' \n'])
  test(`256 KiB of ${JSON.stringify(line)} are refused`, { timeout: 30_000 }, () => {
    const body = Buffer.alloc(MOST, line);
    assert.throws(() => messageFromBody(Buffer.concat([Buffer.from('!'), body])), undecodable);
    if (line.includes('BEGIN')) assert.throws(() => messageFromBody(body), undecodable);
  });

test('text of more than 256 KiB is not decoded, whatever it is; binary is', () => {
  const tooLarge = (error: unknown): boolean => (error as { code: string }).code === 'message_too_large';
  assert.throws(() => messageFromBody(Buffer.alloc(256 * 1024 + 1, 'A A ')), tooLarge);
  assert.equal(messageFromBody(Buffer.alloc(256 * 1024, 'AAAA ')).length, 157_287);
  assert.equal(messageFromBody(Buffer.alloc(300_000, 0x30)).length, 300_000);
});

for (const [url, value] of [
  ['/scep?message=a%2Bb', 'a+b'],
  ['/scep?x=y&MESSAGE=a+b&message=c', 'a+b'],
  ['/scep?message=a=b', 'a=b'],
  ['/scep?message=', ''],
  ['/scep?message', ''],
  ['/scep?messages=x&=message', undefined],
  ['/scep', undefined],
] as const)
  test(`the message of ${url} is ${JSON.stringify(value) ?? 'absent'}`, () =>
    assert.equal(queryValue(url, 'message'), value));
