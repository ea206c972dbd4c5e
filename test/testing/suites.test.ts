/** The contract suites and fakes of `openndes/testing`: they fail where an implementation breaks its contract. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { fakeClock, fakeIssuer, memoryLog, sampleRequest } from '../../src/testing-exports.ts';

const TESTING = pathToFileURL(join(import.meta.dirname, '../../src/testing-exports.ts')).href;

/** Runs the suite for a policy with this body of `decide`, in a process of its own; returns the names of failed tests. */
function failures(decide: string): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'openndes-suite-'));
  const file = join(dir, 'policy.test.mjs');
  writeFileSync(
    file,
    `import { policyContract, sampleRequest } from '${TESTING}';
    const request = (challenge) => sampleRequest({ csr: { challenge } });
    const make = () => ({ name: 'own', async decide({ csr }) { ${decide} } });
    policyContract({ name: 'own', make, allowed: [request('right-challenge')], denied: [request('wrong-challenge')] });`,
  );
  try {
    const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
    const { stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { encoding: 'utf8', env });
    return [...stdout.matchAll(/^ {4,}not ok \d+ - (.*)$/gm)].flatMap(([, name = '']) =>
      name === 'Policy contract: own' ? [] : [name],
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const DENY = `return { kind: 'deny', code: 'challenge_wrong', detail: 'another challenge' };`;
const ALLOW = `if (csr.challenge === 'right-challenge') return { kind: 'allow', notify: 'none' };`;

for (const [what, decide, failed] of [
  ['keeps the contract', `${ALLOW} ${DENY}`, []],
  [
    'allows everything',
    `return { kind: 'allow', notify: 'none' };`,
    ['denies request 1 of those it must deny, and says why', 'decides concurrent requests independently'],
  ],
  [
    'puts the challenge into its facts',
    `${ALLOW} return { kind: 'deny', code: 'challenge_wrong', detail: 'wrong: ' + csr.challenge };`,
    ['S07 reveals no challenge in facts or detail'],
  ],
  [
    'asks for a notification that it cannot send',
    `if (csr.challenge === 'right-challenge') return { kind: 'allow', notify: 'strict' }; ${DENY}`,
    [
      'allows request 1 of those it must allow',
      'asks for a notification only when it can notify',
      'S07 reveals no challenge in facts or detail',
      'does not change the request',
      'decides concurrent requests independently',
    ],
  ],
  [
    'changes the request',
    `const { challenge } = csr; csr.subjectText = 'CN=changed'; if (challenge === 'right-challenge') return { kind: 'allow', notify: 'none' }; ${DENY}`,
    ['does not change the request'],
  ],
] as const)
  test(`the policy suite on a policy that ${what}`, () => assert.deepEqual(failures(decide), failed));

test('the clock stands still until it is moved, and the log keeps what was written', () => {
  const clock = fakeClock(new Date('2026-05-01T00:00:00Z'));
  assert.equal(clock().toISOString(), '2026-05-01T00:00:00.000Z');
  clock.forward(1_500);
  assert.equal(clock().toISOString(), '2026-05-01T00:00:01.500Z');
  const log = memoryLog();
  log.warn({ n: 1 }, 'first');
  log.info({ n: 2 }, 'second');
  assert.deepEqual(log.entries, [
    { level: 'warn', fields: { n: 1 }, message: 'first' },
    { level: 'info', fields: { n: 2 }, message: 'second' },
  ]);
});

test('the issuer records every request, also one that it fails', async () => {
  const issuer = fakeIssuer(() => Promise.reject(new Error('the CA is closed')));
  const request = sampleRequest({ transactionId: 'one' });
  await assert.rejects(
    issuer.issue(request, { kind: 'allow', notify: 'none' }, new AbortController().signal),
    /closed/,
  );
  assert.deepEqual(issuer.requests, [request]);
});
