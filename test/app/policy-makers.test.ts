/** Policies of a configuration made into objects, and modules of vendors: the documented one, and everything that is none. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { loadPolicyModule, type PolicyServices, type PolicyFactory, policyOf } from '../../src/app/policy-makers.ts';

const never = new AbortController().signal;
const requestOf = (subjectText: string, challenge = 'x'): EnrollmentRequest => ({
  endpoint: '/scep',
  transactionId: 'T',
  csr: {
    der: Uint8Array.of(),
    subject: Uint8Array.of(0x30, 0),
    subjectText,
    spki: Uint8Array.of(),
    key: { type: 'rsa', bits: 2048 },
    challenge,
    extensions: [],
  },
  signerSpki: Uint8Array.of(),
});

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** A store that knows one password, and no tenants. */
const aroundWith = (closing: (() => Promise<void>)[]): PolicyServices => ({
  tenants: new Map(),
  store: {
    findChallenge: async (endpoint, password) =>
      endpoint === '/scep' && password === 'once' ? { id: 'id', expiresAt: new Date(8.64e15), used: false } : undefined,
  },
  logger: silent,
  closing,
});

function moduleFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'my policy.mjs');
  writeFileSync(path, text);
  return path;
}

/** The example of docs/policies.md, word for word. */
const EXAMPLE = /```js\n([\s\S]*?)```/.exec(
  readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'policies.md'), 'utf8'),
)![1]!;

test('the module of docs/policies.md loads and decides', async (t) => {
  const policy = await loadPolicyModule(moduleFile(t, EXAMPLE), { prefix: 'ABC-' });
  assert.equal(policy.name, 'serial-numbers');
  assert.equal((await policy.decide(requestOf('CN=ABC-1'), never)).kind, 'allow');
  assert.equal((await policy.decide(requestOf('CN=XYZ-1'), never)).kind, 'deny');
});

test('the same in TypeScript is what the exported types want', async () => {
  const factory: PolicyFactory = ({ prefix }) => ({
    name: 'serial-numbers',
    async decide(request) {
      return request.csr.subjectText.startsWith(`CN=${String(prefix)}`)
        ? { kind: 'allow', notify: 'none' }
        : { kind: 'deny', code: 'policy_denied', detail: 'not one of our serial numbers' };
    },
  });
  const policy = await factory({ prefix: 'ABC-' });
  assert.equal((await policy.decide(requestOf('CN=ABC-1'), never)).kind, 'allow');
});

test('a module may take its time', async (t) => {
  const path = moduleFile(
    t,
    "export default async () => ({ name: 'slow', decide: async () => ({ kind: 'allow', notify: 'none' }) })",
  );
  assert.equal((await loadPolicyModule(path, {})).name, 'slow');
});

const BROKEN: Readonly<Record<string, readonly [text: string, words: RegExp]>> = {
  'no default export': ['export const policy = 1', /no function as its default export/],
  'an object in place of a function': [
    "export default { name: 'x', decide() {} }",
    /no function as its default export/,
  ],
  'nothing made': ['export default () => undefined', /is no policy/],
  'no decide': ["export default () => ({ name: 'x' })", /is no policy/],
  'no name': ['export default () => ({ decide() {} })', /is no policy/],
  'a notify that cannot be called': ["export default () => ({ name: 'x', decide() {}, notify: true })", /is no policy/],
  'a factory that throws': [EXAMPLE, /making its policy failed: options\.prefix is missing/],
  'no JavaScript': ['export default (', /loading it failed/],
};
for (const [what, [text, words]] of Object.entries(BROKEN))
  test(`${what}: the start stops, with the path and what to do`, async (t) => {
    const path = moduleFile(t, text);
    await assert.rejects(
      () => loadPolicyModule(path, {}),
      (error) =>
        error instanceof ConfigError &&
        error.message.startsWith(path) &&
        words.test(error.message) &&
        error.remedy !== '',
    );
  });

test('a module that does not exist: the start stops', async () => {
  await assert.rejects(() => loadPolicyModule('/nowhere/policy.mjs', {}), ConfigError);
});

test('composites are made from the inside out', async (t) => {
  const closing: (() => Promise<void>)[] = [];
  const path = moduleFile(t, EXAMPLE);
  const policy = await policyOf(
    {
      kind: 'allOf',
      policies: [
        { kind: 'module', path, options: { prefix: 'ABC-' } },
        {
          kind: 'anyOf',
          policies: [
            { kind: 'static', challenge: 'one' },
            { kind: 'static', challenge: 'two' },
          ],
        },
      ],
    },
    aroundWith(closing),
  );
  assert.equal(policy.name, 'allOf(serial-numbers, anyOf(static, static))');
  assert.equal((await policy.decide(requestOf('CN=ABC-1', 'two'), never)).kind, 'allow');
  assert.equal((await policy.decide(requestOf('CN=ABC-1', 'three'), never)).kind, 'deny');
  assert.equal((await policy.decide(requestOf('CN=XYZ-1', 'two'), never)).kind, 'deny');
  assert.deepEqual(closing, []);
});

test('a webhook gives back what ends its connections', async () => {
  const closing: (() => Promise<void>)[] = [];
  const webhook = {
    kind: 'webhook',
    url: 'http://127.0.0.1:1/',
    secret: '0123456789abcdef',
    timeout: 1000,
    notify: 'none',
    onUnreachable: 'fail',
    allowHttp: false,
  } as const;
  const policy = await policyOf(webhook, aroundWith(closing));
  const decision = await policy.decide(requestOf('CN=a'), never);
  assert.ok(decision.kind === 'deny' && decision.code === 'policy_unreachable');
  assert.equal(closing.length, 1);
  await closing[0]!();
});

const ONE_TIME = { kind: 'oneTime', validity: 60_000, max: 5, length: 8 } as const;

test('one-time passwords are those of the store', async () => {
  const policy = await policyOf(ONE_TIME, aroundWith([]));
  assert.deepEqual(await policy.decide(requestOf('CN=a', 'once'), never), {
    kind: 'allow',
    notify: 'none',
    consumes: 'id',
  });
  assert.equal((await policy.decide(requestOf('CN=a', 'twice'), never)).kind, 'deny');
});

test('M04 the one password that everybody gets is used by nobody up, and no other is good', async () => {
  const policy = await policyOf({ ...ONE_TIME, single: 'FEDCBA9876543210' }, aroundWith([]));
  assert.deepEqual(await policy.decide(requestOf('CN=a', 'FEDCBA9876543210'), never), {
    kind: 'allow',
    notify: 'none',
  });
  assert.equal((await policy.decide(requestOf('CN=a', 'once'), never)).kind, 'deny');
});
