/** A preload: the process is killed before the file operation with the number in OPENNDES_TEST_KILLED_AT, among those below `certs/`. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

const at = Number(process.env['OPENNDES_TEST_KILLED_AT']);
let count = 0;

function killed<T extends unknown[]>(operation: (...args: T) => void): (...args: T) => void {
  return (...args) => {
    if (String(args[0]).includes(`${sep}certs${sep}`) && count++ === at) process.kill(process.pid, 'SIGKILL');
    operation(...args);
  };
}

fs.renameSync = killed(fs.renameSync);
fs.rmSync = killed(fs.rmSync);
syncBuiltinESMExports();
