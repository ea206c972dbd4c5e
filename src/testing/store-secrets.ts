/** The contract of a Store for secrets that servers share: each version is written once, by the one who read the one before. */
import assert from 'node:assert/strict';
import type { Store } from '../core/store.ts';
import type { Check } from './opened-store.ts';

/** Every octet, so that none of them is lost on the way. */
const OCTETS = Uint8Array.from({ length: 256 }, (_, octet) => octet);
const first = { name: 'ra/issuing', version: 1, value: OCTETS };
const second = { ...first, version: 2, value: Buffer.from('the second') };

/** As text, which is easier to compare; undefined when there is none. */
const read = async (store: Store, name = first.name): Promise<string | undefined> => {
  const secret = await store.readSecret(name);
  return secret && `${secret.version} ${Buffer.from(secret.value).toString('latin1')}`;
};

/** Declares them. */
export function secrets(check: Check): void {
  check('a secret is read as it was written, also after a restart', async ({ store, reopen, beside }) => {
    assert.equal(await store.readSecret(first.name), undefined);
    assert.equal(await store.writeSecret(first), true);
    const kept = `1 ${Buffer.from(OCTETS).toString('latin1')}`;
    assert.equal(await read(store), kept);
    assert.equal(await read(store, 'ra/another'), undefined);
    const other = await beside?.();
    if (other) assert.equal(await read(other), kept);
    await other?.close();
    if (reopen) assert.equal(await read(await reopen()), kept);
  });

  check('a version of a secret is written once, after the one before it', async ({ store }) => {
    assert.equal(await store.writeSecret(second), false, 'there is no version 1 yet');
    assert.equal(await store.writeSecret(first), true);
    assert.equal(await store.writeSecret({ ...first, value: Buffer.from('again') }), false);
    assert.equal(await store.writeSecret({ ...second, version: 3 }), false);
    assert.equal(await store.writeSecret(second), true);
    assert.equal(await store.writeSecret({ ...second, value: Buffer.from('again') }), false);
    assert.equal(await read(store), '2 the second');
  });

  check('secrets with other names do not touch each other', async ({ store }) => {
    await store.writeSecret(first);
    assert.equal(await store.writeSecret({ ...second, name: 'ra/another' }), false);
    assert.equal(await store.writeSecret({ ...second, name: 'ra/another', version: 1 }), true);
    assert.equal(await store.writeSecret(second), true);
    assert.deepEqual([await read(store), await read(store, 'ra/another')], ['2 the second', '1 the second']);
  });

  for (const version of [1, 2])
    check(`of 20 who write version ${version} of a secret at once one does`, async ({ store, beside }) => {
      if (version === 2) await store.writeSecret(first);
      const other = (await beside?.()) ?? store;
      const writers = Array.from({ length: 20 }, (_, n) => n);
      const written = await Promise.all(
        writers.map((n) => (n % 2 ? store : other).writeSecret({ ...second, version, value: Buffer.from(`of ${n}`) })),
      );
      assert.equal(written.filter(Boolean).length, 1);
      assert.equal(await read(store), `${version} of ${written.indexOf(true)}`);
      if (other !== store) await other.close();
    });
}
