/** A key that lives elsewhere: its signatures are verified, its calls end in time, and a breaker keeps it from being asked in vain. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IssuerError } from '../../src/core/errors.ts';
import type { SignatureInput } from '../../src/core/keys.ts';
import { keyFault } from '../../src/keys/key-fault.ts';
import { remoteKey, type RemoteSigner } from '../../src/keys/remote-key.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';

const WHAT = 'the key of the issuing CA (fake)';
const NOW = new Date('2026-11-27T12:00:00Z');
const INPUT: SignatureInput = { data: Buffer.from('a certificate'), digest: 'sha256', scheme: 'pkcs1' };
const long = (): AbortSignal => AbortSignal.timeout(60_000);
const parts = { what: WHAT, deadline: long, clock: () => NOW };

const elsewhere = (key: SoftwareKey): RemoteSigner => ({
  spki: key.spki,
  sign: async (input) => key.sign(input),
  ...(key.decrypt && { decrypt: async (ciphertext, transport) => key.decrypt!(ciphertext, transport) }),
});

keyProviderContract({
  name: 'elsewhere RSA',
  make: () => remoteKey(elsewhere(rsaKey('remote')), parts),
  digests: ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'],
  transports: [{ scheme: 'pkcs1' }, { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' }],
});
for (const curve of ['P-256', 'P-384', 'P-521'])
  keyProviderContract({
    name: `elsewhere ${curve}`,
    make: () => remoteKey(elsewhere(ecKey(`remote ${curve}`, curve)), parts),
    digests: ['sha256', 'sha384', 'sha512'],
    transports: [],
  });

/** A signer whose answers a test gives. */
function signerThat(answer: (input: SignatureInput, signal: AbortSignal) => Promise<Uint8Array>) {
  const own = ecKey('remote answers');
  const asked: string[] = [];
  const signer: RemoteSigner = {
    spki: own.spki,
    sign(input, signal) {
      asked.push(Buffer.from(input.data).toString());
      return answer(input, signal);
    },
  };
  return { own, asked, signer };
}

const failure = (what: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IssuerError);
  assert.equal(error.retryable, true);
  assert.match(error.adminText, what);
  assert.equal(error.clientText, 'The certificate could not be issued.');
  return true;
};

const changed = (signature: Uint8Array): Uint8Array => signature.map((octet, at) => (at === 20 ? octet ^ 1 : octet));

for (const [name, wrong] of [
  ['of another key', async (input: SignatureInput) => ecKey('another').sign(input)],
  ['of other data', async (input: SignatureInput) => ecKey('remote answers').sign({ ...input, data: Buffer.of(1) })],
  ['with one bit changed', async (input: SignatureInput) => changed(await ecKey('remote answers').sign(input))],
  ['without an octet', async () => Uint8Array.of()],
  ['with another hash', async (input: SignatureInput) => ecKey('remote answers').sign({ ...input, digest: 'sha512' })],
] as const)
  test(`a signature ${name} is never used`, async () => {
    const key = remoteKey(signerThat(wrong).signer, parts);
    await assert.rejects(async () => key.sign(INPUT), failure(/thrown away/));
    assert.match(key.standing!()!, /thrown away.*, since 2026-11-27T12:00:00\.000Z$/);
  });

test('one signature is one call', async () => {
  const { asked, signer, own } = signerThat(async (input) => own.sign(input));
  await remoteKey(signer, parts).sign(INPUT);
  assert.deepEqual(asked, ['a certificate']);
});

test('a call without an answer ends with its time, and the place is told by its signal', async () => {
  const signals: AbortSignal[] = [];
  const { signer } = signerThat((_input, signal) => (signals.push(signal), new Promise(() => undefined)));
  const key = remoteKey(signer, { ...parts, deadline: () => AbortSignal.timeout(5) });
  await assert.rejects(async () => key.sign(INPUT), failure(/the key of the issuing CA \(fake\): no answer in time$/));
  assert.equal(signals[0]!.aborted, true);
});

test('after three failures the place is not asked any more, and the error says why and when to come again', async () => {
  const { asked, signer } = signerThat(() => Promise.reject(new Error('the HSM is away')));
  const key = remoteKey(signer, { ...parts, breakMs: 60_000 });
  for (let i = 0; i < 3; i++) await assert.rejects(async () => key.sign(INPUT), failure(/\(fake\): the HSM is away$/));
  await assert.rejects(
    async () => key.sign(INPUT),
    (error) => {
      assert.equal((error as IssuerError).retryAfter, 60);
      return failure(/not asked, because the last calls failed.*the HSM is away$/)(error);
    },
  );
  assert.equal(asked.length, 3);
});

test('a place that works again is found out by looking at its standing, with one signature over a fixed text', async () => {
  let broken = true;
  const { asked, signer, own } = signerThat(async (input) => {
    if (broken) throw new Error('the HSM is away');
    return own.sign(input);
  });
  const key = remoteKey(signer, { ...parts, breakMs: 5 });
  for (let i = 0; i < 3; i++) await assert.rejects(async () => key.sign(INPUT));
  broken = false;
  await until(() => key.standing!() === undefined, 'a standing without a fault', { every: 10 });
  assert.deepEqual(asked.slice(3), ['openndes asks whether this key signs']);
  await key.sign(INPUT);
});

test('a place that throttles is asked again at once, with its own time to wait', async () => {
  const { asked, signer } = signerThat(() => Promise.reject(keyFault('throttled', 'too many', { retryAfter: 2 })));
  const key = remoteKey(signer, parts);
  for (let i = 0; i < 5; i++)
    await assert.rejects(
      async () => key.sign(INPUT),
      (error) => (error as IssuerError).retryAfter === 2,
    );
  assert.equal(asked.length, 5);
});

test('what a key cannot do is an error of its own, and no fault of the place', async () => {
  const { signer } = signerThat(() => Promise.reject(new TypeError('no SHA-224')));
  const key = remoteKey(signer, parts);
  await assert.rejects(async () => key.sign({ ...INPUT, digest: 'sha224' }), TypeError);
  assert.equal(key.standing!(), undefined);
});

test('only an RSA key decrypts', () => {
  const key = ecKey('remote answers');
  assert.ok(!('decrypt' in remoteKey({ ...elsewhere(key), decrypt: async () => Uint8Array.of() }, parts)));
});

test('`close` closes the place', async () => {
  let closed = 0;
  const { signer } = signerThat(async () => Uint8Array.of());
  await remoteKey({ ...signer, close: async () => void closed++ }, parts).close!();
  assert.equal(closed, 1);
});

test('its calls are counted, with those that failed and the time that they took', async () => {
  let now = NOW.getTime();
  const answers = [true, false];
  const { own, signer } = signerThat(async (input) => {
    now += 40;
    if (!answers.shift()) throw new Error('gone');
    return own.sign(input);
  });
  const key = remoteKey(signer, { ...parts, clock: () => new Date(now) });
  assert.deepEqual(key.calls!(), { made: 0, failed: 0, ms: 0 });
  await key.sign(INPUT);
  await assert.rejects(async () => key.sign(INPUT));
  assert.deepEqual(key.calls!(), { made: 2, failed: 1, ms: 80 });
});
