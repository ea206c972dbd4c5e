/** `ca show`: the certificates of an authority and of its RA, with both thumbprints, and without making anything. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed, rows } from '../app/installation.ts';

test('ca show: thumbprints by SHA-1 and SHA-256, and the RA once a server has made it', async (t) => {
  const { folder, cli, started } = await installed(t);
  const rolesOf = async () => rows(await cli('ca', 'show', '--json')).map(({ role }) => role);
  assert.deepEqual(await rolesOf(), ['issuing CA', 'root']);
  assert.equal(existsSync(join(folder, 'certs/ra.pem')), false);
  await started();
  assert.deepEqual(await rolesOf(), ['issuing CA', 'root', 'RA']);
  const shown = rows(await cli('ca', 'show', '--json'));
  for (const [index, file] of (['issuing-ca.pem', undefined, 'ra.pem'] as const).entries()) {
    if (!file) continue;
    const { fingerprint, fingerprint256, validTo } = new X509Certificate(readFileSync(join(folder, 'certs', file)));
    const { thumbprint, thumbprintSha256, notAfter } = shown[index]!;
    assert.deepEqual(
      [thumbprint, thumbprintSha256, notAfter],
      [fingerprint.replaceAll(':', ''), fingerprint256.replaceAll(':', ''), new Date(validTo).toISOString()],
    );
  }
});

test('ca show: both certificates of a split RA', async (t) => {
  const { cli, started } = await installed(t, (config) => config.replace('ra: auto', 'ra: split'));
  await started();
  const subjects = rows(await cli('ca', 'show', '--json')).map(({ role, subject }) => `${role}: ${subject}`);
  assert.deepEqual(subjects.slice(2), ['RA: CN=Test Issuing CA RA Signature', 'RA: CN=Test Issuing CA RA Encryption']);
});
