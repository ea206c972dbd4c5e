/** The renewal of an RA in files is killed before each of its writes: the server starts, and opens what was encrypted to the RA of before. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { ecKey } from '../kit/keys.ts';
import { installed } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const PRELOAD = join(import.meta.dirname, '../cli/killed-at.ts');
const RENEWING = join(import.meta.dirname, 'ra-renewing.ts');

// Of a split RA, a client that knows the old pair alone refuses the signature of the new one.
for (const form of ['auto', 'split'] as const)
  test(`a renewal of \`ra: ${form}\` that is killed leaves an RA that serves${form === 'auto' ? ', and opens messages to the one before' : ''}`, async (t) => {
    const { folder, config, challenge, started } = await installed(t, (text) =>
      text.replace('ra: auto', `ra: ${form}`),
    );
    const certs = join(folder, 'certs');
    const first = await started();
    const told = await discover(first.url, context);
    await first.close();
    cpSync(certs, join(folder, 'kept'), { recursive: true });
    let kills = 0;
    for (; ; kills++) {
      rmSync(certs, { recursive: true });
      cpSync(join(folder, 'kept'), certs, { recursive: true });
      const { signal, status, stderr } = spawnSync(process.execPath, ['--import', PRELOAD, RENEWING, config], {
        env: { ...process.env, OPENNDES_TEST_KILLED_AT: String(kills) },
        encoding: 'utf8',
      });
      assert.ok(signal === 'SIGKILL' || status === 0, stderr);
      const { url, close } = await started();
      for (const [index, server] of [
        await discover(url, context),
        ...(form === 'auto' ? [{ ...told, url }] : []),
      ].entries()) {
        const subject = `CN=killed-${kills}-${index}`;
        const plan = { key: ecKey(subject), subject: nameFromText(subject), challenge };
        assert.equal((await enroll(server, plan, context)).status, 'success', subject);
      }
      await close();
      if (signal === null) break;
    }
    assert.ok(kills >= 4, String(kills));
  });
