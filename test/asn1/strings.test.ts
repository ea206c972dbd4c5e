import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { isPrintable, isString, stringText } from '../../src/asn1/strings.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { ia5String, isAscii, printableString } from '../../src/asn1/writer.ts';

/** By the tags of X.680 8.4, as numbers. */
const TEXTS: ReadonlyArray<readonly [string, number, string, string]> = [
  ['UTF8String', 0x0c, 'c3a9e282acf09f9880', 'é€😀'],
  ['UTF8String with byte order mark', 0x0c, 'efbbbf61', '\ufeffa'],
  ['PrintableString', 0x13, '4142', 'AB'],
  ['T61String, as Latin-1', 0x14, 'e9', 'é'],
  ['IA5String', 0x16, '614062', 'a@b'],
  ['VisibleString', 0x1a, '61', 'a'],
  ['BMPString', 0x1e, '00e920acd83dde00', 'é€😀'],
  ['UniversalString', 0x1c, '000000e90001f600', 'é😀'],
];
for (const [what, tag, hex, text] of TEXTS)
  test(`${what} reads as text`, () => {
    assert.equal(stringText(tag, Buffer.from(hex, 'hex')), text);
    assert.equal(stringText(tag, Buffer.alloc(0)), '');
    assert.ok(isString(tag));
  });

test('reading a BMPString does not change the input', () => {
  const content = Buffer.from('00e9', 'hex');
  stringText(TAG.bmpString, content);
  assert.equal(content.toString('hex'), '00e9');
});

const MALFORMED: ReadonlyArray<readonly [string, number, string]> = [
  ['UTF8String with a lone continuation', TAG.utf8String, '80'],
  ['UTF8String with an overlong form', TAG.utf8String, 'c080'],
  ['BMPString of uneven length', TAG.bmpString, '000041'],
  ['UniversalString of uneven length', TAG.universalString, '0000'],
  ['UniversalString beyond Unicode', TAG.universalString, '00110000'],
  ['OCTET STRING', TAG.octetString, '41'],
  ['constructed PrintableString', TAG.printableString | 0x20, '130141'],
];
for (const [what, tag, hex] of MALFORMED)
  test(`${what} is refused`, () => assert.throws(() => stringText(tag, Buffer.from(hex, 'hex')), DerError));

test('which characters PrintableString and ASCII contain', () => {
  assert.ok(isPrintable("Az09 '()+,-./:=?"));
  for (const character of '@*_&!"#é\n') assert.ok(!isPrintable(character), character);
  assert.ok(isAscii('a@b\u007f') && !isAscii('\u0080'));
  assert.throws(() => printableString('a@b'), DerError);
  assert.throws(() => ia5String('é'), DerError);
});
