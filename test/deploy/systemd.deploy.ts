/** The unit of systemd, as systemd itself reads it. Nothing is started. `npm run deploy`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const FOLDER = join(import.meta.dirname, '..', '..', 'deploy', 'systemd');
const UNIT = join(FOLDER, 'openndes.service');
const DROP_IN = join(FOLDER, 'postgres.conf');

/** What systemd-analyze prints. */
function analyze(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  if (error || status === null)
    throw new Error('systemd-analyze cannot be run: apt-get install systemd', { cause: error });
  return `${stdout}${stderr}`;
}

/** The exposure that systemd computes, from 0 (best) to 10. */
function exposure(unit: string): number {
  const [, figure = ''] =
    /Overall exposure level for openndes\.service: ([\d.]+)/.exec(
      analyze('security', '--offline=true', '--no-pager', unit),
    ) ?? [];
  return Number.parseFloat(figure);
}

/** The unit in another folder, with other text in it. */
function changed(t: TestContext, change: (unit: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-unit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'openndes.service');
  writeFileSync(path, change(readFileSync(UNIT, 'utf8')));
  return path;
}

test('the exposure of the unit is below 2.0, and it is measured: without its system call filter it is more', (t) => {
  const measured = exposure(UNIT);
  assert.ok(measured > 0 && measured < 2, String(measured));
  const open = exposure(changed(t, (unit) => unit.replaceAll(/^SystemCallFilter=.*$/gm, '')));
  assert.ok(open > 2, String(open));
});

/** On a machine that has the programs of the unit. */
const here = (unit: string): string => unit.replace('/usr/bin/node /opt/openndes/bin/openndes.mjs', process.execPath);

const complaintsAbout = (path: string): string =>
  analyze('verify', '--man=no', path)
    .split('\n')
    .filter((line) => line.includes('openndes.service'))
    .join('\n');

/** systemd complains of nothing in the file as it is, and of the key that is written wrong. */
function assertKnown(
  complaints: (change: (text: string) => string) => string,
  [right, wrong]: readonly [string, string],
  complaint: RegExp,
): void {
  assert.equal(
    complaints((text) => text),
    '',
  );
  assert.match(
    complaints((text) => text.replace(right, wrong)),
    complaint,
  );
}

test('systemd knows every key of the unit', (t) => {
  const complaints = (change: (unit: string) => string): string =>
    complaintsAbout(changed(t, (unit) => change(here(unit))));
  assertKnown(complaints, ['ProtectHome=', 'ProtectHouse='], /Unknown key (name )?'ProtectHouse'/);
});

test('systemd knows every key of the drop-in for PostgreSQL, in its section', (t) => {
  const complaints = (change: (dropIn: string) => string): string => {
    const unit = changed(t, here);
    mkdirSync(`${unit}.d`);
    writeFileSync(join(`${unit}.d`, 'postgres.conf'), change(readFileSync(DROP_IN, 'utf8')));
    return complaintsAbout(unit);
  };
  assertKnown(
    complaints,
    ['RestartPreventExitStatus=', 'RestartPreventStatus='],
    /Unknown key (name )?'RestartPreventStatus'/,
  );
});

test('with the drop-in a database that starts after the server is waited for: every exit is followed by a start', () => {
  assert.match(readFileSync(UNIT, 'utf8'), /^Restart=on-failure\n.*\nRestartPreventExitStatus=78$/m);
  const keys = readFileSync(DROP_IN, 'utf8').match(/^(?:\[\w+\]|\w+=.*)$/gm);
  // An empty value removes what the unit has.
  assert.deepEqual(keys, [
    '[Unit]',
    'StartLimitIntervalSec=0',
    '[Service]',
    'RestartPreventExitStatus=',
    'RestartSec=5',
  ]);
});
