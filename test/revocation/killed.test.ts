/** A server that is killed while it publishes a list leaves an authority whose next list is whole and has a higher number. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import * as pkijs from 'pkijs';
import { revocationList } from '../../src/revocation/revocation-list.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';
import { issuing } from '../kit/pki.ts';
import { temporaryFile } from '../store/temporary.ts';

const { issuerId, name: issuer } = issuerIdentity(issuing.certificate);

const read = (crl: Uint8Array) => {
  const { revokedCertificates, crlExtensions } = pkijs.CertificateRevocationList.fromBER(new Uint8Array(crl).buffer);
  const { extnValue } = crlExtensions!.extensions.find(({ extnID }) => extnID === '2.5.29.20')!;
  const number = BigInt(`0x${Buffer.from(extnValue.valueBlock.valueHexView.slice(2)).toString('hex')}`);
  return { entries: revokedCertificates?.length ?? 0, number };
};

for (const at of ['agreeOnList', 'listRevoked', 'publishList'])
  test(`killed after ${at}: the next list is whole, and its number is not lower`, async () => {
    const path = temporaryFile();
    const clock = handClock();
    const open = () => openSqliteStore({ path, clock });
    const make = async (store: Awaited<ReturnType<typeof open>>) =>
      read(
        await revocationList({
          issuer: issuing,
          store,
          validity: 86_400_000,
          clock,
          deadline: () => AbortSignal.timeout(5_000),
        })(),
      );
    const revoke = async (store: Awaited<ReturnType<typeof open>>, n: number): Promise<void> => {
      const { certificate: sample, ...rest } = issuanceFor(n);
      const certificate = { ...sample, issuer, issuerId };
      await store.recordIssued({ ...rest, certificate });
      await store.revoke(certificate, 'superseded', auditFor(n, 'revoked'));
    };
    const before = await open();
    await revoke(before, 1);
    const first = await make(before);
    await revoke(before, 2);
    await before.close();

    const child = fork(join(import.meta.dirname, 'killed-publisher.ts'), [path, at]);
    const [said] = (await once(child, 'message')) as [string];
    assert.equal(said, 'there');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const after = await open();
    const next = await make(after);
    assert.deepEqual([first.entries, next.entries], [1, 2]);
    assert.ok(next.number > first.number);
    await revoke(after, 3);
    const last = await make(after);
    assert.equal(last.entries, 3);
    assert.ok(last.number > next.number);
    await after.close();
  });
