/** Addresses: every way that sockets and proxies write one, and what is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress, networkOf, normalizeForwardedFor, parseAddress } from '../../src/core/address.ts';

for (const [text, address] of [
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:51008', '203.0.113.7'],
  [' 203.0.113.7\t', '203.0.113.7'],
  ['2001:db8::17', '2001:db8::17'],
  ['2001:DB8:0:0:0:0:0:17', '2001:db8::17'],
  ['[2001:db8::17]', '2001:db8::17'],
  ['[2001:db8::17]:47011', '2001:db8::17'],
  ['::1', '::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%eth0]:443', 'fe80::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['[::ffff:203.0.113.7]:51008', '203.0.113.7'],
] as const)
  test(`"${text}" is ${address}`, () => assert.equal(parseAddress(text), address));

for (const text of [
  '',
  'unknown',
  '<script>',
  '_hidden',
  'example.com',
  '256.0.0.1',
  '010.0.0.1',
  '1.2.3',
  '2130706433',
  '0x7f.0.0.1',
  '203.0.113.7:',
  '203.0.113.7:x',
  '203.0.113.7:123456',
  '203.0.113.7 203.0.113.8',
  '[203.0.113.7]',
  '[2001:db8::17',
  '2001:db8::17]:1',
  '[2001:db8::17]x',
  '[]',
  '1:2:3',
  '1::2::3',
  '1:2:3:4:5:6:7:8:9',
  '::1]@[::2',
  '::1/64',
  `fe80::1%${'x'.repeat(100)}`,
])
  test(`"${text.slice(0, 40)}" is no address`, () => assert.equal(parseAddress(text), undefined));

test('the address of a client is that of its socket when a proxy wrote what is no address', () => {
  const socket = { remoteAddress: '::ffff:10.0.0.9' };
  assert.equal(clientAddress({ ip: '203.0.113.7:1', socket }), '203.0.113.7');
  assert.equal(clientAddress({ ip: 'unknown', socket }), '10.0.0.9');
  assert.equal(clientAddress({ ip: undefined, socket: {} }), '');
});

for (const [header, normalized] of [
  ['203.0.113.7:51008', '203.0.113.7'],
  ['203.0.113.9:1, [2001:db8::1]:2', '203.0.113.9, 2001:db8::1'],
  ['203.0.113.9,, 10.0.0.1 ,', '203.0.113.9, 10.0.0.1'],
  ['203.0.113.9, unknown, 10.0.0.1', '10.0.0.1'],
  ['203.0.113.9, <script>', ''],
] as const)
  test(`X-Forwarded-For "${header}" is read as "${normalized}"`, () => {
    const headers = { 'x-forwarded-for': header as string };
    normalizeForwardedFor(headers);
    assert.deepEqual(headers, { 'x-forwarded-for': normalized });
  });

test('of a long X-Forwarded-For the last 32 entries are read; without the header there is none', () => {
  const headers = { 'x-forwarded-for': `${'203.0.113.1, '.repeat(5000)}203.0.113.2` };
  normalizeForwardedFor(headers);
  assert.equal(headers['x-forwarded-for'].split(', ').length, 32);
  assert.match(headers['x-forwarded-for'], /, 203\.0\.113\.2$/);
  const none = {};
  normalizeForwardedFor(none);
  assert.deepEqual(none, {});
});

for (const [address, network] of [
  ['203.0.113.7:51008', '203.0.113.7'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:0DB8:0:0:ffff::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4'],
  ['unknown', 'unknown'],
] as const)
  test(`the network of ${address} is ${network}`, () => assert.equal(networkOf(address), network));
