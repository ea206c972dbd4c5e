/** `authorities.NAME.ocsp`: the pointer that certificates get, and values that are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';

const load = (ocsp: string, publicUrl = '', profile = '{}') =>
  loadConfig({
    file: '/etc/openndes.yaml',
    text: `${publicUrl}
authorities: { issuing: { certificate: ca.pem, key: "file:ca.key"${ocsp} } }
profiles: { device: ${profile} }
endpoints: [{ path: /scep, policy: { static: Tr0ub4dor-and-3-more } }]`,
    env: {},
    readFile: () => '',
  });

const pointerOf = (...given: Parameters<typeof load>): unknown =>
  load(...given).config.endpoints[0]!.profile.value.authorityInfoAccess;

const HTTP = 'publicUrl: http://scep.example.com/';
const ON = ', ocsp: {}';

test('certificates name the responder below the public URL, or at a URL of its own', () => {
  assert.deepEqual(pointerOf(ON, HTTP), { ocsp: ['http://scep.example.com/ocsp/issuing'] });
  const own = ', ocsp: { url: "http://ocsp.example.com/x" }';
  assert.deepEqual(pointerOf(own, HTTP), { ocsp: ['http://ocsp.example.com/x'] });
  assert.deepEqual(pointerOf(own), { ocsp: ['http://ocsp.example.com/x'] });
  const aia = '{ aia: { caIssuers: [http://pki.example.com/ca.cer] } }';
  assert.deepEqual(pointerOf(ON, HTTP, aia), {
    caIssuers: ['http://pki.example.com/ca.cer'],
    ocsp: ['http://scep.example.com/ocsp/issuing'],
  });
});

test('each of three profiles that the requested key usage chooses names it', () => {
  const text = `publicUrl: http://scep.example.com
authorities: { issuing: { certificate: ca.pem, key: "file:ca.key", ocsp: {} } }
profiles: { a: {}, b: {}, c: {} }
endpoints: [{ path: /scep, profile: { signature: a, encryption: b, generalPurpose: c }, policy: { static: Tr0ub4dor-and-3-more } }]`;
  const { config } = loadConfig({ file: '/etc/openndes.yaml', text, env: {}, readFile: () => '' });
  const { profile, byUsage } = config.endpoints[0]!;
  for (const { value } of [profile, byUsage!.signature, byUsage!.encryption])
    assert.deepEqual(value.authorityInfoAccess, { ocsp: ['http://scep.example.com/ocsp/issuing'] });
});

test('no pointer without a responder, without a URL, and with https, which few verifiers take', () => {
  assert.equal(pointerOf('', HTTP), undefined);
  assert.equal(pointerOf(ON), undefined);
  assert.equal(pointerOf(ON, 'publicUrl: https://scep.example.com'), undefined);
});

test('a responder that no certificate names is a warning, once for its authority', () => {
  const { warnings } = load(ON, 'publicUrl: https://scep.example.com');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /openndes\.yaml:2:.*authorities\.issuing\.ocsp: no certificate names the responder/);
  assert.deepEqual(load(ON, HTTP).warnings, []);
  assert.deepEqual(load('').warnings, []);
});

test('a profile with a responder of its own keeps that', () => {
  const aia = '{ aia: { ocsp: [http://other.example.com] } }';
  assert.deepEqual(pointerOf(ON, HTTP, aia), { ocsp: ['http://other.example.com'] });
});

test('an answer that is valid for less than a minute, and a URL with https, are refused', () => {
  assert.throws(
    () => load(', ocsp: { validity: 59s }'),
    /authorities\.issuing\.ocsp\.validity.*shorter than a minute/s,
  );
  assert.throws(() => load(', ocsp: { url: "https://ocsp.example.com" }'), /authorities\.issuing\.ocsp\.url/);
});
