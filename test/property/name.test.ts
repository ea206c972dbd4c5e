/** A name and its RFC 4514 text can be converted into each other without loss. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { oid, octetString, printableString, sequence, setOf, utf8String } from '../../src/asn1/writer.ts';
import { nameFromText, nameText, readName, sameName } from '../../src/pkix/name.ts';

const type = fc.constantFrom('2.5.4.3', '2.5.4.10', '2.5.4.11', '0.9.2342.19200300.100.1.1', '1.2.3.4');
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...' \\#+,;<>="\t\n0aé\u3000'.split('')), maxLength: 6 }),
);
const value = fc.oneof(text.map(utf8String), fc.uint8Array({ maxLength: 5 }).map(octetString));
const rdn = fc.uniqueArray(fc.tuple(type, value), { minLength: 1, maxLength: 3, selector: ([type]) => type });
const name = fc
  .array(rdn, { maxLength: 4 })
  .map((rdns) => sequence(...rdns.map((rdn) => setOf(...rdn.map(([type, value]) => sequence(oid(type), value))))));

test('the name from its text has the same octets', () =>
  fc.assert(
    fc.property(name, (der) => assert.deepEqual(Buffer.from(nameFromText(nameText(der))), Buffer.from(der))),
    { numRuns: 5000 },
  ));

test('any text is refused, or is read as a name whose text gives the same name', () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'CNO=,+\\# 1.a"'.split('')), maxLength: 12 }), (text) => {
      let der: Uint8Array;
      try {
        der = nameFromText(text);
      } catch (error) {
        assert.equal((error as Error).name, 'DerError');
        return;
      }
      assert.deepEqual(Buffer.from(nameFromText(nameText(der))), Buffer.from(der));
    }),
    { numRuns: 20_000 },
  ));

const words = fc.array(fc.string({ unit: fc.constantFrom(...'abcXYZ09'.split('')), minLength: 1, maxLength: 5 }), {
  minLength: 1,
});
const commonName = (value: Uint8Array) => sequence(setOf(sequence(oid('2.5.4.3'), value)));

test('names are the same in any letter case, spacing and string type', () =>
  fc.assert(
    fc.property(words, (words) => {
      const printable = commonName(printableString(words.join(' ')));
      const utf8 = commonName(utf8String(` ${words.join('   ').toUpperCase()} `));
      assert.ok(sameName(printable, utf8));
      assert.ok(!sameName(printable, commonName(utf8String(`${words.join(' ')}!`))));
    }),
  ));

test('names are the same exactly when their RDNs are, in order', () =>
  fc.assert(
    fc.property(name, name, (a, b) => {
      assert.ok(sameName(a, a));
      assert.equal(sameName(a, b), sameName(b, a));
      if (readName(a).length !== readName(b).length) assert.ok(!sameName(a, b));
    }),
  ));
