/** The SID of Microsoft: written from the URI that the policy has compared, never from what a request has as extension. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, octetString, oid, sequence } from '../../src/asn1/writer.ts';
import { explicit } from '../../src/asn1/tags.ts';
import type { SidSource } from '../../src/ca/sid.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { Extension } from '../../src/core/request.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { findExtension, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { authority, issueFor, request, VOUCHED } from './authority-under-test.ts';

const SID_EXTENSION = '1.3.6.1.4.1.311.25.2';
const uri = (sid: string) => generalNameFromText(`uri:tag:microsoft.com,2022-09-14:sid:${sid}`);
/** What an attacker puts into a request. */
const forged = (sid: string): Extension => ({
  oid: SID_EXTENSION,
  critical: false,
  value: sequence(
    encode(explicit(0), oid('1.3.6.1.4.1.311.25.2.1'), encode(explicit(0), octetString(Buffer.from(sid)))),
  ),
});
const ADMINISTRATOR = 'S-1-5-21-1-2-3-500';

/** The value of the extension as text, in which the SID can be read; undefined when it is absent. */
async function certified(sid: SidSource, extensions: readonly Extension[], decision: Allow = VOUCHED) {
  const der = await issueFor(await request({ extensions }), authority({ sid }), undefined, decision);
  const found = findExtension(certificateExtensions(readCertificate(der)), SID_EXTENSION);
  return found && Buffer.from(found.value).toString('latin1').slice(-18);
}

const named = (...sids: string[]) => subjectAltName(sids.map(uri));

test('with `uri` the SID of the URI becomes the extension', async () =>
  assert.equal(await certified('uri', [named('S-1-5-21-1-2-3-110')]), 'S-1-5-21-1-2-3-110'));
test('with `drop` there is none', async () =>
  assert.equal(await certified('drop', [named('S-1-5-21-1-2-3-110')]), undefined));
for (const sid of ['drop', 'uri'] as const)
  test(`the extension of a request is not copied: ${sid}`, async () =>
    assert.equal(await certified(sid, [forged(ADMINISTRATOR)]), undefined));
test('the extension of a request does not replace the SID of the URI', async () =>
  assert.equal(await certified('uri', [named('S-1-5-21-1-2-3-110'), forged(ADMINISTRATOR)]), 'S-1-5-21-1-2-3-110'));
test('the same SID twice is one', async () =>
  assert.equal(await certified('uri', [named('S-1-5-21-1-2-3-110', 'S-1-5-21-1-2-3-110')]), 'S-1-5-21-1-2-3-110'));
test('two SIDs are refused', () =>
  assert.rejects(certified('uri', [named('S-1-5-21-1-2-3-110', ADMINISTRATOR)]), {
    code: 'subject_refused',
    message: 'the request names 2 SIDs',
  }));
test('a URI that no policy has compared is refused', () =>
  assert.rejects(certified('uri', [named(ADMINISTRATOR)], { kind: 'allow', notify: 'none' }), {
    code: 'subject_refused',
    message: 'the request names a SID, and the policy of the endpoint does not vouch for names',
  }));
for (const other of ['s-1-5-21-1-2-3-110', 'S-1-5-21-1-2-3-110 ', 'S-1', 'S-1-5-21-1-2-3-110%20'])
  test(`what is no SID becomes no extension: ${other}`, async () =>
    assert.equal(await certified('uri', [named(other)]), undefined));
