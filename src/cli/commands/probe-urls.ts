/** `openndes probe`: how long a URL may be to reach a SCEP server through its proxies. */
import type { Command } from 'commander';
import { type ClientContext, discover } from '../../client/scep-client.ts';
import { probeUrls, type UrlProbe } from '../../client/url-length.ts';
import { assertTlsVerified } from '../../app/process-environment.ts';
import { trustCa } from '../../app/trusted-ca.ts';
import { systemClock, systemRandom } from '../../embed/system.ts';
import { generateKey } from '../../keys/software.ts';
import { EXIT, Exit } from '../exit.ts';
import { answerText, remedyFor } from '../long-urls.ts';
import { example } from '../options.ts';
import { jsonText, type Output } from '../output.ts';
import { reachable } from '../reachable.ts';

type ProbeOptions = { trustCa?: string; json?: true };

/** Registers the command. */
export function registerProbe(program: Command, output: Output): void {
  program
    .command('probe')
    .description(
      'measure the longest URL, up to 64 KB, that the proxies in front of a SCEP server let through; clients without POST send their request in the URL; exit 0 when all do, 1 otherwise',
    )
    .argument('<url>', 'SCEP URL, as the clients have it')
    .option('--trust-ca <file>', 'CA of the TLS certificate of an https URL, PEM or DER; trusted beside the public CAs')
    .option('--json', 'print one JSON object')
    .addHelpText(...example('openndes probe https://scep.example.com/certsrv/mscep/mscep.dll'))
    .action((url: string, options: ProbeOptions) => run(url, options, output));
}

async function run(url: string, options: ProbeOptions, { out }: Output): Promise<void> {
  assertTlsVerified();
  if (options.trustCa !== undefined) trustCa(options.trustCa);
  const context: ClientContext = { fetch: reachable(fetch), clock: systemClock, random: systemRandom };
  const probes = await probeUrls(await discover(url, context), generateKey('rsa-2048'), context);
  const result = summary(probes);
  if (options.json) out(jsonText({ probes: probes.map(({ octets, reached }) => ({ octets, reached })), result }));
  else out([...probes.map(line), result].join('\n'));
  if (probes.some(({ reached }) => !reached)) throw new Exit(EXIT.failed);
}

const line = (probe: UrlProbe): string =>
  `${probe.octets} octets: ${probe.reached ? 'reached the server' : whatCame(probe)}`;

function whatCame(probe: UrlProbe & { reached: false }): string {
  if (probe.answer) return answerText(probe.answer);
  return probe.error instanceof Error ? probe.error.message : 'no answer';
}

function summary(probes: readonly UrlProbe[]): string {
  const longest = probes.findLast(({ reached }) => reached)?.octets;
  const refused = probes.find((probe) => !probe.reached);
  if (!refused) return `URLs of ${longest} octets reach the server: enough for every client.`;
  if (longest === undefined)
    return 'The server did not reply to the shortest message by GET, so nothing can be measured: it takes no GET, or a proxy refuses every query.';
  return `URLs of ${longest} octets reach the server and those of ${refused.octets} do not. To change at the proxy: ${remedyFor(refused.answer)}. See docs/reverse-proxies.md.`;
}
