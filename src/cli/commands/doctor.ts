/** `openndes doctor`: looks at everything that an enrolment needs, and says what to do first. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { writePrivateFile } from '../../app/files.ts';
import { assertTlsVerified } from '../../app/process-environment.ts';
import { trustCa } from '../../app/trusted-ca.ts';
import { VERSION } from '../../app/version.ts';
import { ConfigError } from '../../core/errors.ts';
import { defined } from '../../core/defined.ts';
import { systemClock } from '../../embed/system.ts';
import { verdictOf } from '../doctor/action-plan.ts';
import { assertNew, writeBundle } from '../doctor/bundle.ts';
import { diagnosis } from '../doctor/diagnosis.ts';
import type { ProbeFinding } from '../doctor/doctor-probe.ts';
import { installationRecords } from '../doctor/installation-records.ts';
import { logTail } from '../doctor/log-tail.ts';
import { HTML_BEGINNING, htmlReport, jsonReport, type Report, textReport } from '../doctor/report.ts';
import { redactedOrReason, withoutSecrets } from '../doctor/secrets.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';

type DoctorOptions = {
  config: string;
  url?: URL;
  trustCa?: string;
  json?: true;
  html?: string;
  bundle?: string;
  log?: string;
};

/** Registers the command. */
export function registerDoctor(program: Command, output: Output): void {
  program
    .command('doctor')
    .description(
      'look at configuration, clock, network, tenants, certificates and the public URL, and print a verdict and what to do first; it changes nothing; exit 0 with PASS and PASS-WITH-WARNINGS, 78 when the configuration is wrong, 1 with any other FAIL',
    )
    .option(...CONFIG)
    .option('--url <url>', 'SCEP URL, as the devices have it; else each endpoint below `publicUrl`', scepUrl)
    .option('--trust-ca <file>', 'CA of the TLS certificate of that URL, PEM or DER, when devices trust it')
    .option('--json', 'print one JSON object')
    .option('--html <file>', 'write the report as one page too')
    .option(
      '--bundle <file>',
      'write a tar archive for a support case too: report, configuration, what is wrong now and what devices met, without any secret',
    )
    .option('--log <file>', 'put the end of this log file into the archive too')
    .addHelpText(
      ...example('openndes doctor --config openndes.yaml --url https://scep.example.com/certsrv/mscep/mscep.dll'),
    )
    .action((options: DoctorOptions) => run(options, output));
}

function scepUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new InvalidArgumentError('An http or https URL without a password is needed.');
}

async function run({ config, url, trustCa: ca, ...wanted }: DoctorOptions, { out }: Output): Promise<void> {
  assertTlsVerified();
  if (ca !== undefined) trustCa(ca);
  // Before the looks, which take a while.
  if (wanted.html !== undefined) assertNoOther(wanted.html);
  if (wanted.bundle !== undefined) assertNew(wanted.bundle);
  const log = wanted.log === undefined ? undefined : logTail(wanted.log);
  const { values, secrets } = redactedOrReason(config);
  const clean = withoutSecrets(secrets);
  const findings = await diagnosis({ config, url, trusted: ca !== undefined, clean });
  const report: Report = { version: VERSION, madeAt: systemClock(), findings };
  // First, so that a file that cannot be written costs no report.
  out(wanted.json ? jsonReport(report) : textReport(report));
  if (wanted.html !== undefined) writePrivateFile(wanted.html, htmlReport(report));
  if (wanted.bundle !== undefined) {
    const records = await installationRecords(config);
    writeBundle(wanted.bundle, { report, configuration: values, records, clean, ...defined({ log }) });
  }
  if (verdictOf(findings) === 'FAIL') throw new Exit(exitCode(findings));
}

/** Throws ConfigError for a file that is no report: with the wrong name it would cost a configuration or a key. */
function assertNoOther(path: string): void {
  if (!existsSync(path) || (statSync(path).isFile() && readFileSync(path, 'utf8').startsWith(HTML_BEGINNING))) return;
  throw new ConfigError(
    `${path} is already there, and is no report of doctor`,
    'Give another name; nothing was changed.',
  );
}

const exitCode = (findings: readonly ProbeFinding[]): number =>
  findings.some(({ group, verdict }) => group === 'configuration' && verdict === 'FAIL')
    ? EXIT.configuration
    : EXIT.failed;
