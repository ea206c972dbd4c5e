/** Policies made from a configuration, and policy modules: the documented one, and modules with mistakes. */
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
  requestKey: '',
});

/** A store with one password, and no tenants. */
const servicesWith = (closing: (() => Promise<void>)[]): PolicyServices => ({
  intuneClient: () => assert.fail('no tenant here'),
  store: {
    findChallenge: async (endpoint, password) =>
      endpoint === '/scep' && password === 'once' ? { id: 'id', expiresAt: new Date(8.64e15), used: false } : undefined,
  },
  emit: () => {},
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

test('the same module in TypeScript satisfies the exported types', async () => {
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

test('a module may make its policy asynchronously', async (t) => {
  const path = moduleFile(
    t,
    "export default async () => ({ name: 'slow', decide: async () => ({ kind: 'allow', notify: 'none' }) })",
  );
  assert.equal((await loadPolicyModule(path, {})).name, 'slow');
});

const BROKEN: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'no default export': ['export const policy = 1', /no function as its default export/],
  'an object in place of a function': [
    "export default { name: 'x', decide() {} }",
    /no function as its default export/,
  ],
  'no policy returned': ['export default () => undefined', /did not return a policy/],
  'no decide': ["export default () => ({ name: 'x' })", /did not return a policy/],
  'no name': ['export default () => ({ decide() {} })', /did not return a policy/],
  'a notify that cannot be called': [
    "export default () => ({ name: 'x', decide() {}, notify: true })",
    /did not return a policy/,
  ],
  'a factory that throws': [EXAMPLE, /making its policy failed: options\.prefix is missing/],
  'no JavaScript': ['export default (', /loading it failed/],
};
for (const [what, [text, message]] of Object.entries(BROKEN))
  test(`a policy module is refused with its path and a remedy: ${what}`, async (t) => {
    const path = moduleFile(t, text);
    await assert.rejects(
      () => loadPolicyModule(path, {}),
      (error) =>
        error instanceof ConfigError &&
        error.message.startsWith(path) &&
        message.test(error.message) &&
        error.remedy !== '',
    );
  });

test('a policy module that does not exist is refused', async () => {
  await assert.rejects(() => loadPolicyModule('/nowhere/policy.mjs', {}), ConfigError);
});

test('allOf and anyOf are made with their members', async (t) => {
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
    servicesWith(closing),
  );
  assert.equal(policy.name, 'allOf(serial-numbers, anyOf(static, static))');
  assert.equal((await policy.decide(requestOf('CN=ABC-1', 'two'), never)).kind, 'allow');
  assert.equal((await policy.decide(requestOf('CN=ABC-1', 'three'), never)).kind, 'deny');
  assert.equal((await policy.decide(requestOf('CN=XYZ-1', 'two'), never)).kind, 'deny');
  assert.deepEqual(closing, []);
});

test('a webhook registers how to close its connections', async () => {
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
  const policy = await policyOf(webhook, servicesWith(closing));
  const decision = await policy.decide(requestOf('CN=a'), never);
  assert.ok(decision.kind === 'deny' && decision.code === 'policy_unreachable');
  assert.equal(closing.length, 1);
  await closing[0]!();
});

const ONE_TIME = { kind: 'oneTime', validity: 60_000, max: 5, length: 8 } as const;

test('a one-time password is looked up in the store', async () => {
  const policy = await policyOf(ONE_TIME, servicesWith([]));
  assert.deepEqual(await policy.decide(requestOf('CN=a', 'once'), never), {
    kind: 'allow',
    notify: 'none',
    consumes: 'id',
  });
  assert.equal((await policy.decide(requestOf('CN=a', 'twice'), never)).kind, 'deny');
});

test('M04 a single password can be used any number of times, and no other password is accepted', async () => {
  const policy = await policyOf({ ...ONE_TIME, single: 'FEDCBA9876543210' }, servicesWith([]));
  assert.deepEqual(await policy.decide(requestOf('CN=a', 'FEDCBA9876543210'), never), {
    kind: 'allow',
    notify: 'none',
  });
  assert.equal((await policy.decide(requestOf('CN=a', 'once'), never)).kind, 'deny');
});
