/** A device that asks about a certificate whose DER was removed after its time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discover, enroll, getCertificate } from '../../src/client/scep-client.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { handClock } from '../kit/clock.ts';
import { authority } from '../kit/endpoint-under-test.ts';
import { newRsaKey } from '../kit/keys.ts';
import { DAY, random } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { serverOnFile } from '../kit/server-on-file.ts';
import { temporaryFile } from '../store/temporary.ts';

test('GetCert for the earlier certificate of the same holder is refused once its DER is removed, and not put off', async (t) => {
  const clock = handClock();
  const choice = { policy: allows('none'), issuer: authority(clock) };
  const { url, store } = await serverOnFile(t, temporaryFile(), choice, clock);
  const context = { fetch, clock, random };
  const server = await discover(url, context);
  const enrolled = async () => {
    const key = newRsaKey();
    const reply = await enroll(server, { key, subject: nameFromText('CN=laptop'), challenge: 'any' }, context);
    assert.ok(reply.status === 'success');
    return { key, certificate: reply.certificates[0]! };
  };
  const earlier = readCertificate((await enrolled()).certificate);
  clock.forward(DAY);
  const signer = await enrolled();
  const asked = () => getCertificate(server, { serialNumber: earlier.serialNumber, signer }, context);
  assert.equal((await asked()).status, 'success');

  const before = (await store.listCertificates({}))[0]!.notAfter;
  for (const kind of ['transactions', 'der'] as const)
    assert.equal((await store.removeOld({ kind, before, limit: 10 })).removed, 1);
  const { transactionId: _, ...reply } = await asked();
  assert.deepEqual(reply, {
    status: 'failure',
    failInfo: 'badCertId',
    text: 'No such certificate.',
    hresult: -2147023728,
  });
});
