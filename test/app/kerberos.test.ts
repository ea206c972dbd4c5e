/** Logins by Kerberos with a library of the test in place of the npm package. `npm run backends` has the package, a KDC and Apache. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { kerberosLogins } from '../../src/app/kerberos.ts';
import { IssuerError } from '../../src/core/errors.ts';

const never = new AbortController().signal;

/** A library whose client answers so to each token; the first one is empty. */
function withLibrary(t: TestContext, step: (answer: string) => Promise<string | null>, complete = true): void {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-kerberos-'));
  const path = join(folder, 'kerberos.cjs');
  writeFileSync(path, 'module.exports = globalThis.kerberosOfTheTest;\ndelete require.cache[__filename];');
  const library = { initializeClient: async () => ({ contextComplete: complete, step }) };
  Object.assign(globalThis, { kerberosOfTheTest: library });
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'kerberos'
        ? { url: pathToFileURL(path).href, format: 'commonjs', shortCircuit: true }
        : next(specifier, context),
  });
  t.after(() => {
    hooks.deregister();
    rmSync(folder, { recursive: true });
  });
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('without the npm package the error says how it is installed', () => {
  assert.throws(() => kerberosLogins({}, 'ca.example.com'), {
    name: 'ConfigError',
    message: 'authorities with `kerberos` need the npm package `kerberos`, which is not installed',
    remedy:
      'Run: npm install kerberos@7.0.0, where openndes is installed. It needs the MIT Kerberos libraries of the system: Debian has them in libgssapi-krb5-2.',
  });
});

for (const [title, octets] of [
  ['beside Kerberos', Buffer.from('60300606062b0601050502a026060a2b06010401823702020a', 'hex')],
  ['in place of it', Buffer.from('NTLMSSP\0')],
] as const)
  test(`a token that offers NTLM ${title} is never sent`, async (t) => {
    withLibrary(t, async () => octets.toString('base64'));
    const error = await fault(kerberosLogins({}, 'ca.example.com')(never));
    assert.equal(error.code, 'unauthorised');
    assert.match(
      error.adminText,
      /^Kerberos: no ticket for HTTP@ca\.example\.com: the GSS-API of this system offers NTLM/,
    );
  });

for (const [words, code] of [
  ["Cannot contact any KDC for realm 'EXAMPLE.COM'", 'unavailable'],
  ['Clock skew too great', 'unauthorised'],
] as const)
  test(`"${words}" is ${code}, and can succeed later`, async (t) => {
    withLibrary(t, async () => {
      throw new Error(`Unspecified GSS failure:\n ${words}`);
    });
    const error = await fault(kerberosLogins({}, 'ca.example.com')(never));
    assert.deepEqual([error.code, error.retryable], [code, true]);
    assert.ok(error.adminText.includes(`Unspecified GSS failure: ${words}. Look at KRB5_CLIENT_KTNAME`));
  });

test('a proof that does not complete the login is none', async (t) => {
  withLibrary(t, async () => 'dG9rZW4=', false);
  const { token, prove } = await kerberosLogins({}, 'ca.example.com')(never);
  assert.equal(token, 'dG9rZW4=');
  await assert.rejects(prove('cHJvb2Y='), /^Error: it is not whole$/);
});

test('one login is made at a time, and one that is given up before its turn is not begun', async (t) => {
  let [begun, most, now] = [0, 0, 0];
  const gate = Promise.withResolvers<void>();
  withLibrary(t, async () => {
    begun++;
    most = Math.max(most, ++now);
    await gate.promise;
    now--;
    return 'dG9rZW4=';
  });
  const logIn = kerberosLogins({}, 'ca.example.com');
  const caller = new AbortController();
  const [first, second, givenUp] = [logIn(never), logIn(never), logIn(caller.signal)];
  caller.abort(new Error('over'));
  await assert.rejects(givenUp, /^Error: over$/);
  gate.resolve();
  await Promise.all([first, second]);
  await logIn(never);
  assert.deepEqual([begun, most], [3, 1]);
});
