/** Every code has a remedy and a cause, whatever else is known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP_ERRORS, REFUSALS } from '../../src/core/errors.ts';
import { INTUNE_CODES } from '../../src/intune/answer-codes.ts';
import { explanationOf } from '../../src/trace/remedies.ts';

const codes = [...Object.keys(REFUSALS), ...Object.keys(HTTP_ERRORS), 'path_unknown', 'request_line_too_long', 'new'];

for (const code of codes)
  test(`${code}: what was wrong, and what to do`, () => {
    const explained = explanationOf({ outcome: 'refused', code });
    assert.match(explained?.what ?? '', /^[A-Z].+[^.]$/);
    assert.match(explained?.remedy ?? '', /.{20}\.$/);
  });

test('each code of Intune has its own remedy', () => {
  for (const [intuneCode, { remedy }] of Object.entries(INTUNE_CODES))
    assert.equal(explanationOf({ outcome: 'refused', code: 'intune_denied', intuneCode })?.remedy, remedy);
  const other = explanationOf({ outcome: 'refused', code: 'intune_denied', intuneCode: 'Tomorrow' });
  assert.deepEqual([other?.cause, other?.remedy], ['refused-by-intune', REFUSALS.intune_denied.remedy]);
});

for (const [reason, cause, what] of [
  ['approval', 'waits', /waits for an approval/],
  ['issuer: order 7', 'waits', /waits for the CA/],
  ['notification', 'waits', /until Intune has taken the notification/],
  ['undecided: later', 'waits', /waits for a decision/],
  ['unreachable: no answer', 'intune-down', /does not answer/],
  ['unreachable: invalid_client', 'credential-refused', /refuses the credential/],
] as const)
  test(`pending, ${reason}`, () => {
    const explained = explanationOf({ outcome: 'pending', reason });
    assert.equal(explained?.cause, cause);
    assert.match(explained?.what ?? '', what);
  });

test('what did not fail is not explained', () => {
  assert.equal(explanationOf({ outcome: 'issued' }), undefined);
  assert.equal(explanationOf({ outcome: 'answered' }), undefined);
});
