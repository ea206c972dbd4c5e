/** What one enrolment costs, beside what it must cost at least, in one run. */
import { cpus } from 'node:os';
import { measureCores } from './cores.ts';
import { measureHttp } from './http.ts';
import { measureStep } from './step.ts';

const text = (cell: string | number): string => (typeof cell === 'string' ? cell : cell.toFixed(cell < 20 ? 2 : 0));
const line = (first: string, ...cells: (string | number)[]): void =>
  console.log(first.padEnd(34) + cells.map((cell) => text(cell).padStart(12)).join(''));

console.log(
  `Node.js ${process.version}, OpenSSL ${process.versions.openssl}, ${cpus().length} × ${cpus()[0]?.model}\n`,
);
line('request bytes to CertRep bytes', 'floor µs', 'step µs', 'floor/step');
for (const choice of ['rsa-2048', 'rsa-4096', 'p256'] as const) {
  const { floor, step } = await measureStep(choice);
  line(`  CA ${choice}`, floor, step, floor / step);
}

const { pinned, results } = await measureHttp('rsa-2048', [100, 100_000], [8, 16, 32]);
const where = pinned ? 'server on one core, generator on the other' : 'not kept to cores: that takes two and `taskset`';
console.log(`\nthrough HTTP, SQLite synchronous=FULL, JSON log, CA rsa-2048; ${where}`);
line('', 'per second', 'p50 ms', 'p99 ms', 'CPU µs', 'floor µs', 'floor/CPU', 'RSS MB');
for (const { stored, connections, rate, p50, p99, cpu, floor, rss } of results)
  line(`  ${stored} stored, ${connections} connections`, rate, p50, p99, cpu, floor, floor / cpu, rss / 1_048_576);

console.log('\n`openndes serve` on all cores, the generator on the same ones; GetCACaps is asked every 5 ms meanwhile');
line('', 'per second', 'of 2 floors', 'CPU µs', 'main CPU µs', 'caps p50 ms', 'caps p99 ms', 'RSS MB');
for (const { workers, connections, rate, floor, cpu, mainCpu, caps, rss } of await measureCores([1, 2], [8, 32]))
  line(
    `  ${workers} threads, ${connections} connections`,
    rate,
    (rate * floor) / 2e6,
    cpu,
    mainCpu,
    caps.p50,
    caps.p99,
    rss / 1_048_576,
  );
