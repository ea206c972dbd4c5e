/** `openndes check`: configuration, keys and algorithms, without starting a server. Exit 78 when something is wrong. */
import type { Command } from 'commander';
import { approvedAlgorithms, selfTest } from '../../cms/self-test.ts';
import { challengeParties } from '../../config/challenge-parties.ts';
import type { EndpointConfig } from '../../config/endpoints.ts';
import { policiesIn } from '../../config/policies.ts';
import type { Config } from '../../config/schema.ts';
import { assertListenable, portKey } from '../../app/listen-place.ts';
import { assertTlsVerified } from '../../app/process-environment.ts';
import { credentialFault } from '../../app/new-intune-client.ts';
import { recordedEndpoints } from '../../app/configured-store.ts';
import { type Settings, withSettings } from '../../app/settings.ts';
import { assertStorePlace } from '../../app/store-place.ts';
import { recordedUnlisted, type UnlistedIssuer } from '../../app/unlisted-issuers.ts';
import { ConfigError } from '../../core/errors.ts';
import { type OnlineProbe, onlineProbes } from '../../app/online-probes.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { loadPolicyModule } from '../../app/policy-makers.ts';

/** Registers the command. */
export function registerCheck(program: Command, output: Output): void {
  program
    .command('check')
    .description('check configuration, certificates, keys and algorithms; exit 78 when something is wrong')
    .option(...CONFIG)
    .option('--online', 'also ask the tenants, webhooks and CA products; exit 1 when one cannot be used')
    .addHelpText(...example('openndes check --config openndes.yaml'))
    .action(({ config, online }: { config: string; online?: true }) => check(config, output, online));
}

async function check(file: string, output: Output, online = false): Promise<void> {
  assertTlsVerified();
  await withSettings(file, async (settings, warnings) => {
    await reportConfiguration(settings, warnings, output);
    if (online) await reportOnline(settings, output);
    output.out('Everything is in order.');
  });
}

/** Prints a line for each service. Throws Exit when one cannot be used. */
async function reportOnline({ config, products }: Settings, { out, err }: Output): Promise<void> {
  const asked = await Promise.all(onlineProbes(config, products).map(({ name, ask }) => answerOf(name, ask)));
  for (const { text, ok, warnings } of asked) {
    (ok ? out : err)(text);
    for (const warning of warnings) err(warning);
  }
  if (asked.some(({ ok }) => !ok)) throw new Exit(EXIT.failed);
}

type OnlineAnswer = { text: string; ok: boolean; warnings: readonly string[] };

async function answerOf(name: string, ask: OnlineProbe['ask']): Promise<OnlineAnswer> {
  try {
    const { text, warnings = [] } = await ask();
    return { text: `${name}: ${text}`, ok: true, warnings: warnings.map((each) => `warning: ${name}: ${each}`) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { text: `error: ${name}: ${error.message}. ${error.remedy}`, ok: false, warnings: [] };
  }
}

/**
 * Prints a line for each thing that works, and a warning on standard error for what should be changed. Throws ConfigError for
 * what must be.
 */
export async function reportConfiguration(
  { config, authorities }: Settings,
  warnings: readonly string[],
  { out, err }: Output,
): Promise<void> {
  for (const warning of warnings) err(`warning: ${warning}`);
  await selfTest(config.fips?.required ? approvedAlgorithms(config.fips.pkcs1KeyTransport === 'allow') : {});
  out('algorithms: every one that GetCACaps can name works in this runtime');
  for (const { name, authority } of authorities.values()) {
    const parties = config.endpoints.filter((each) => each.authority.name === name).map(partiesOf);
    for (const each of new Set(parties.length > 0 ? parties : [undefined])) {
      const unwritable = await authority.checkRa(each);
      if (unwritable !== undefined) err(`warning: authority ${name}: ${unwritable}`);
    }
    out(`authority ${name}: ${authority.subject}`);
  }
  for (const [name, tenant] of Object.entries(config.tenants)) {
    // No error: the platform may write the file only where the server runs.
    const fault = await credentialFault(tenant);
    if (fault !== undefined) err(`warning: tenant ${name}: ${fault}`);
  }
  if (config.store.kind === 'sqlite') assertStorePlace(config.store.path);
  for (const place of config.listen.places) await assertListenable(place, portKey(place));
  if (config.admin) await assertListenable(config.admin, 'admin.port');
  if (config.metrics) await assertListenable(config.metrics, 'metrics.port');
  for (const { path, policy } of config.endpoints) {
    for (const { policy: each } of policiesIn(policy))
      if (each.kind === 'module') await loadPolicyModule(each.path, each.options);
    out(`endpoint ${path}: ok`);
  }
  for (const name of await vanished(config)) err(`warning: ${orphans(name)}`);
  for (const issuer of await recordedUnlisted(config)) err(`warning: ${unlisted(issuer)}`);
}

const partiesOf = ({ policy }: EndpointConfig): string | undefined => challengeParties(policy);

/** Endpoint names in the store that the configuration does not have. */
async function vanished(config: Config): Promise<string[]> {
  const configured = new Set(config.endpoints.map(({ name }) => name));
  return (await recordedEndpoints(config)).filter((name) => !configured.has(name));
}

const orphans = (name: string): string =>
  `the store has records of the endpoint ${printable(name)}, which is not configured: its certificates cannot renew, and its ` +
  `requests and notifications wait. If its path was changed, write \`name: ${printable(name)}\` at the endpoint in its place.`;

const unlisted = ({ name, certificates, lastEnds, place }: UnlistedIssuer): string =>
  `${certificates} certificates of ${printable(name)} have not ended (the last one ends ${lastEnds.toISOString().slice(0, 10)}), and no ` +
  `authority has its key: a revocation of them is on no list. Name certificate and key under ${place}.`;
