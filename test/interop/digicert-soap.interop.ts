/** The SOAP messages to DigiCert PKI Platform 8, read by libxml2 and validated against schemas of ours, written from the list of fields. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  changeMessage,
  envelope,
  NAMESPACE,
  orderMessage,
  policyMessage,
  searchMessage,
  type SoapMessage,
  statusMessage,
} from '../../src/backends/platform8/platform8-envelopes.ts';
import { elementsNamed, readXml } from '../../src/backends/strict-xml.ts';
import { CSR } from '../kit/requests.ts';

const OID = '2.16.840.1.113733.1.16.1.2.3.1.1.61904612';

/** Throws with what xmllint says. */
const xmllint = (text: string, ...options: readonly string[]): string =>
  execFileSync('xmllint', ['--nonet', ...options, '-'], {
    input: text,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
const schema = (name: string): string[] => [
  '--noout',
  '--schema',
  join(import.meta.dirname, 'digicert', `${name}.xsd`),
];

const values = [
  { name: 'seat_id', value: 'anna@contoso.com' },
  { name: 'common_name', value: `A & B < "C" 'D' ü 😀` },
];
const order = orderMessage({ profileOid: OID, transaction: '0'.repeat(40), csr: CSR, values });

for (const [what, message, name] of [
  ['an order', order, 'trust'],
  ['the question for an order that waits', statusMessage(OID, 'pending-1'), 'trust'],
  ['a revocation', changeMessage('4d00ff', 'keyCompromise'), 'management'],
  ['a hold', changeMessage('4d00ff', 'certificateHold'), 'management'],
  ['the release of a hold', changeMessage('4d00ff', 'removeFromCRL'), 'management'],
  ['a search', searchMessage(OID, 'anna@contoso.com', 100), 'management'],
  ['the question for the policy', policyMessage(OID), 'policy'],
] as [string, SoapMessage, string][])
  test(`${what} validates against the schema, and its envelope is well-formed`, () => {
    xmllint(message.body, ...schema(name));
    const canonical = xmllint(envelope(message), '--c14n');
    assert.equal(elementsNamed(readXml(canonical), 'Body', [NAMESPACE.soap]).length, 1);
  });

test('names with marks of XML arrive as they are', () => {
  const read = elementsNamed(readXml(xmllint(envelope(order), '--c14n')), 'value', [NAMESPACE.enrollment]);
  assert.deepEqual(
    read.map(({ text }) => text),
    values.map(({ value }) => value),
  );
});

test('the schema refuses a seat in a revocation, another order of fields, and WS-Trust without the slash at its end', () => {
  const { body } = changeMessage('4d00ff', 'superseded');
  const seat = body.replace(/(<mgt:operationType>)/, '<mgt:seatId>a</mgt:seatId>$1');
  assert.throws(() => xmllint(seat, ...schema('management')), /seatId.*not expected/s);
  const late = order.body.replace(
    /(<enr:tokenType>.*<\/enr:tokenType>)(<enr:requestType>.*<\/enr:requestType>)/,
    '$2$1',
  );
  assert.throws(() => xmllint(late, ...schema('trust')), /tokenType.*not expected/s);
  const bare = order.body.replace(`xmlns:wst="${NAMESPACE.trust}"`, `xmlns:wst="${NAMESPACE.trust.slice(0, -1)}"`);
  assert.throws(() => xmllint(bare, ...schema('trust')), /No matching global declaration/);
});
