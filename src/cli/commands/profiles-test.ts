/** `openndes profiles test`: what a request would get at the endpoints of a configuration, and why not. */
import type { Command } from 'commander';
import { readFile } from '../../app/files.ts';
import { withRas } from '../../app/named-ras.ts';
import { triedProfiles } from '../../app/tried-profiles.ts';
import { capturedRequest } from '../../app/captured-request.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output } from '../output.ts';
import { triedReport } from '../tried-report.ts';
import { reportText } from './explain.ts';

/** Octets of the file, far more than a message may have. */
const LONGEST = 16 * 1024 * 1024;

type TestOptions = { config: string; endpoint?: string; json?: true };

/** Registers the commands. */
export function registerProfiles(program: Command, output: Output): void {
  program
    .command('profiles')
    .description('what certificates may contain')
    .command('test')
    .description(
      'what a request would get if the policy allowed it, and why not; exit 2 when every endpoint refuses it. No policy is asked and nothing is stored',
    )
    .argument('<file>', 'a PKCS#10 request (PEM, DER, base64), or a captured message, which the RA keys open')
    .option(...CONFIG)
    .option('--endpoint <name>', 'only this endpoint, by its name or path')
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes profiles test device.csr --endpoint /scep/lab'))
    .action((file: string, options: TestOptions) => test(file, options, output));
}

async function test(file: string, { config, endpoint, json }: TestOptions, { out }: Output): Promise<void> {
  const captured = readFile(file, 'a certification request', LONGEST);
  const { csr, at } = await capturedRequest(captured, (work) => withRas(config, work));
  const all = await triedProfiles(config, csr, endpoint);
  // A message is for the endpoints whose keys open it, unless one is named.
  const tried = endpoint === undefined && at ? all.filter(({ path }) => at.includes(path)) : all;
  const reports = tried.map((each) => triedReport(each, csr));
  out(json ? jsonText(reports) : reports.map((report) => reportText(report)).join('\n\n'));
  if (tried.every((each) => 'refused' in each)) throw new Exit(EXIT.refused);
}
