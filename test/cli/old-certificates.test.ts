/** Commands on a certificate that ended long ago, and whose DER the server has removed since. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { systemClock } from '../../src/embed/system.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { certificateId, issuanceFor, later } from '../../src/testing/store-samples.ts';
import { fields, installed, rows } from '../app/installation.ts';
import { certificateFor, client } from '../kit/pki.ts';

const DAY = 86_400;
/** Before the present. */
const ended = later(-400 * DAY);

test('lists and searches show it as before, and a command that needs the octets says that they are gone', async (t) => {
  const { cli, folder } = await installed(t);
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: systemClock });
  const issuance = issuanceFor(1);
  const { spki } = readCertificate(client.certificate);
  const extensions = [subjectAltName(['dns:device-1.example.com', 'email:ada@example.com'].map(generalNameFromText))];
  const der = await certificateFor(spki, { extensions });
  await store.recordIssued({ ...issuance, certificate: { ...issuance.certificate, der, notAfter: ended } });
  const { serial } = certificateId(1);
  const shownBefore = fields(await cli('certs', 'show', serial, '--json'));
  assert.equal(shownBefore['san'], 'dns:device-1.example.com email:ada@example.com');
  const listedBefore = (await cli('certs', 'list')).out;
  for (const kind of ['transactions', 'der'] as const) await store.removeOld({ kind, before: later(0), limit: 10 });
  await store.close();

  assert.deepEqual(fields(await cli('certs', 'show', serial, '--json')), shownBefore);
  assert.equal((await cli('certs', 'list')).out, listedBefore);
  for (const search of [['--san', 'user1@example.com'], ['--serial', serial], ['--subject', 'device-1'], ['--expired']])
    assert.equal(rows(await cli('certs', 'list', '--json', ...search))[0]?.['serial'], serial, search.join(' '));

  assert.deepEqual(await cli('certs', 'export', serial), {
    code: 1,
    out: '',
    err:
      'this certificate ended at 2025-01-25T12:00:00.123Z, and the store has removed its octets since, as `keep.der` says: ' +
      '`openndes certs show` still has its names, dates and history, and an older backup has the certificate',
  });
  assert.equal((await cli('certs', 'revoke', serial)).code, 0);
  assert.equal(fields(await cli('certs', 'show', serial, '--json'))['state'], 'revoked');
});
