/** `npm run bench [-- NAME …]`: without a name what one enrolment costs, in three minutes; the others take longer. */
const RUNS: Readonly<Record<string, string>> = {
  costs: './whole.ts',
  burst: './burst/main.ts',
  rows: './stored.ts',
  'step-ca': './versus.ts',
  memory: './memory.ts',
  ocsp: './ocsp.ts',
  revoked: './revoked.ts',
  search: './search.ts',
  trace: './trace.ts',
};

const [name = 'costs'] = process.argv.slice(2);
const file = RUNS[name];
if (file === undefined) {
  console.error(`npm run bench -- ${name}: NAME is one of ${Object.keys(RUNS).join(', ')}.`);
  process.exitCode = 2;
} else await import(file);
