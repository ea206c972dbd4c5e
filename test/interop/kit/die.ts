/** Preloaded into a server that is to die: kills the process, as `kill -9` does, at a named SQL statement. */
import { StatementSync } from 'node:sqlite';
import type { Crash } from './crash.ts';

const { die, at, after, nth = 1 } = JSON.parse(process.env['OPENNDES_TEST_CRASH'] ?? '{}') as Crash;
const methods = ['run', 'all'] as const;
let seen = after === undefined;
let times = 0;

for (const method of methods) {
  const original = StatementSync.prototype[method] as (...parameters: unknown[]) => unknown;
  const patched = function (this: StatementSync, ...parameters: unknown[]): unknown {
    const sql = this.sourceSQL;
    const here = seen && sql.includes(at) && ++times === nth;
    if (here && die === 'before') process.kill(process.pid, 'SIGKILL');
    const result = original.apply(this, parameters);
    if (here && die === 'after') process.kill(process.pid, 'SIGKILL');
    if (after !== undefined) seen = sql !== 'commit' && (seen || sql.includes(after));
    return result;
  };
  Object.defineProperty(StatementSync.prototype, method, { value: patched });
}
