/** The CPU and the memory of processes, as Linux counts them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of one tick of /proc: Linux has 100 in a second. */
const TICK = 10_000;

type Process = { pid: number; parent: number; cpu: number };

/** Fields 4, 14 to 17 of proc(5); the name in parentheses before them may have blanks. Its ended children are counted too. */
function processOf(pid: number, place = `/proc/${pid}`): Process | undefined {
  try {
    const fields = readFileSync(`${place}/stat`, 'utf8').split(') ')[1]!.split(' ').map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return { pid, parent: fields[1]!, cpu: (user + system + childUser + childSystem) * TICK };
  } catch {
    // It ended meanwhile, or this is not Linux.
    return undefined;
  }
}

/** Microseconds of a process and of its children; 0 where the system has no /proc. */
export function cpuOf(pid: number): number {
  const own = processOf(pid);
  if (!own) return 0;
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []));
  return all.filter(({ parent }) => parent === pid).reduce((sum, { cpu }) => sum + cpu, own.cpu);
}

/** Microseconds of the main thread of a process. */
export const mainCpuOf = (pid: number): number => processOf(pid, `/proc/${pid}/task/${pid}`)?.cpu ?? 0;

/** Octets of memory, by Linux; 0 elsewhere. */
export function residentOf(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
