/** The reader of XML: what it understands, and what it refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementsNamed, escapedXml, readXml } from '../../src/backends/strict-xml.ts';
import { IssuerError } from '../../src/core/errors.ts';

test('elements are known by namespace and local name, whatever their prefix; text, attributes and CDATA are read', () => {
  const root = readXml(
    `<?xml version="1.0" encoding="utf-8"?>
<!-- a comment --><a:Envelope xmlns:a="urn:soap" xmlns="urn:default"><b x='1' a:y="2">A &amp; B&#x41;&#66;<![CDATA[ <c/> ]]></b>
<d xmlns="urn:inner"><e/></d></a:Envelope>`,
  );
  assert.deepEqual([root.namespace, root.name], ['urn:soap', 'Envelope']);
  const [b, d] = root.children;
  assert.deepEqual(
    [b!.namespace, b!.name, b!.text, [...b!.attributes]],
    ['urn:default', 'b', 'A & BAB <c/> ', [['x', '1']]],
  );
  assert.deepEqual([d!.namespace, d!.children[0]!.namespace, d!.children[0]!.name], ['urn:inner', 'urn:inner', 'e']);
  assert.equal(elementsNamed(root, 'e', ['urn:inner']).length, 1);
  assert.equal(elementsNamed(root, 'e', ['urn:default']).length, 0);
});

const deep = (levels: number): string => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`;

test('64 elements deep are read', () => assert.equal(readXml(deep(64)).name, 'a'));

const prefixes = (number: number): string =>
  `<a${Array.from({ length: number }, (_, at) => ` xmlns:p${at}="urn:p"`).join('')}><b/></a>`;

test('63 prefixes are read', () => assert.equal(readXml(prefixes(63)).children.length, 1));

for (const [what, text] of [
  ['64 prefixes', prefixes(64)],
  ['a document type', '<!DOCTYPE a><a/>'],
  ['a document type inside', '<a><!DOCTYPE a></a>'],
  ['entities of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an unknown entity', '<a>&b;</a>'],
  ['an entity without its end', '<a>&amp</a>'],
  ['a character beyond Unicode', '<a>&#x110000;</a>'],
  ['an instruction', '<a><?php?></a>'],
  ['65 elements deep', deep(65)],
  ['more than 1 MiB', `<a>${'x'.repeat(2 ** 20)}</a>`],
  ['an end of another element', '<a><b></a></b>'],
  ['no end', '<a><b></b>'],
  ['an end alone', '</a>'],
  ['two roots', '<a/><b/>'],
  ['text beside the root', '<a/>b'],
  ['nothing', ''],
  ['HTML', '<html><br><p class=a></html>'],
  ['a prefix without a namespace', '<a:b/>'],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['a truncated tag', '<a><b'],
] as const)
  test(`refused: ${what}`, () =>
    assert.throws(
      () => readXml(text),
      (error) => error instanceof IssuerError && /XML that cannot be read/.test(error.message),
    ));

test('text is escaped, and characters that XML cannot have are refused', () => {
  const text = `a & b < c > "d" 'e' ü 😀\t`;
  assert.equal(escapedXml(text), `a &#38; b &#60; c &#62; &#34;d&#34; 'e' ü 😀\t`);
  assert.equal(readXml(`<a>${escapedXml(text)}</a>`).text, text);
  for (const bad of ['a\u0000', 'a\u0008', 'a\ufffe', 'a\ud800'])
    assert.throws(() => escapedXml(bad), { name: 'IssuerError', message: /cannot have/ });
});
