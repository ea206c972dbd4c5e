/** `openndes ca rollover`: the certificate of a CA is renewed, or another CA follows it, behind the same URL. */
import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import type { RolloverKind, WantedCa } from '../../app/new-ca.ts';
import { abortRollover, finishRollover, startRollover, type Step, withRollovers } from '../../app/rollover.ts';
import type { LoadedAuthorities } from '../../app/named-authorities.ts';
import type { RolledAuthority } from '../../app/rollover-files.ts';
import { DAY } from '../../core/durations.ts';
import { defined } from '../../core/defined.ts';
import { ConfigError } from '../../core/errors.ts';
import { KEY_CHOICES, type KeyChoice } from '../../keys/software.ts';
import { AUTHORITY, chosenAuthority } from '../chosen-authority.ts';
import { CONFIG, example, wholeNumber } from '../options.ts';
import { jsonText, type Output, printableLines } from '../output.ts';
import { keyPlace, rolloverEffect } from '../rollover-effect.ts';
import { confirmedByTwo } from '../second-person.ts';
import { rolloverPlan } from '../rollover-plan.ts';

type Options = {
  config: string;
  authority?: string;
  json?: true;
  sameKey?: true;
  newKey?: true;
  issuerKey?: string;
  issuerPassphraseEnv?: string;
  certificate?: string;
  chain?: string;
  certificateKey?: string;
  key?: KeyChoice;
  subject?: string;
  days?: number;
};

/** Registers the commands below `openndes ca`. */
export function registerRollover(ca: Command, output: Output): void {
  const group = ca.command('rollover').description('renew the certificate of a CA, or let another CA follow it');
  registerPlan(group, output);
  registerStart(group, output);
  registerLater(group, output);
}

const base = (group: Command, name: string, description: string): Command =>
  group
    .command(name)
    .description(description)
    .option(...CONFIG)
    .option(...AUTHORITY);

const KINDS = [
  ['--same-key', 'renew the certificate: the CA keeps its name and its key'],
  ['--new-key', 'another CA follows, with a new name and a new key'],
] as const;

function registerPlan(group: Command, { out }: Output): void {
  base(group, 'plan', 'what a rollover changes, when what ends, and what you do before and after it; changes nothing')
    .option(...KINDS[0])
    .option(...KINDS[1])
    .option('--json', 'as JSON')
    .addHelpText(...example('openndes ca rollover plan --new-key'))
    .action((options: Options) =>
      withChosen(options, async (rolled, loaded) => {
        const plan = await rolloverPlan(rolled, loaded, kindOf(options));
        out(options.json ? jsonText(plan) : printableLines(plan.lines.join('\n')));
      }),
    );
}

function registerStart(group: Command, output: Output): void {
  base(group, 'start', 'make the next CA certificate, or take one that was made elsewhere; GetNextCACert announces it')
    .option(...KINDS[0])
    .option(...KINDS[1])
    .option('--issuer-key <uri>', 'the key of the CA above, which signs; a root signs itself')
    .option('--issuer-passphrase-env <name>', 'environment variable with the passphrase of that key')
    .option('--certificate <file>', 'a CA certificate that was made elsewhere, PEM or DER')
    .option('--chain <file>', 'the certificates above it, the root last; those of the present CA when absent')
    .option('--certificate-key <uri>', 'its key, for --new-key; with the passphrase of the present key, if it has one')
    .addOption(new Option('--key <type>', 'a new key; of the present kind when absent').choices(KEY_CHOICES))
    .option('--subject <name>', 'the name of a CA with a new key, RFC 4514; with G2, G3 and so on when absent')
    .option('--days <number>', 'how long it is valid; as long as the present one when absent', wholeNumber(1, 36_500))
    .addHelpText(...example('openndes ca rollover start --new-key --issuer-key file:/media/root-ca.key.pem'))
    .action((options: Options) =>
      withChosen(options, async (rolled) => {
        const wanted = wantedOf(options);
        await confirmedByTwo(rolloverEffect(rolled, 'start', options), output);
        say(output.out, STARTED, await startRollover(rolled, wanted));
      }),
    );
}

function registerLater(group: Command, output: Output): void {
  const { out } = output;
  base(group, 'finish', 'let the next CA issue; the one before it signs revocation lists only')
    .addHelpText(...example('openndes ca rollover finish'))
    .action((options: Options) =>
      withChosen(options, async (rolled) => {
        await confirmedByTwo(rolloverEffect(rolled, 'finish', options), output);
        say(out, FINISHED, await finishRollover(rolled));
      }),
    );
  base(group, 'abort', 'take back a rollover that is not finished, and remove the files that `start` made')
    .addHelpText(...example('openndes ca rollover abort'))
    .action((options: Options) =>
      withChosen(options, async (rolled) => {
        await confirmedByTwo(rolloverEffect(rolled, 'abort', options), output);
        const aborted = abortRollover(rolled);
        if (aborted) say(out, ABORTED, aborted);
        else out('no rollover was started');
      }),
    );
}

const withChosen = (
  { config, authority }: Options,
  work: (rolled: RolledAuthority, loaded: LoadedAuthorities) => Promise<void>,
): Promise<void> => withRollovers(config, (names) => chosenAuthority(names, authority), work);

const RELOAD = 'Reload every server of this configuration: systemctl reload openndes';
const STARTED = { done: 'started', before: 'this rollover has started before' } as const;
const FINISHED = { done: 'finished', before: 'this rollover was finished before' } as const;
const ABORTED = { done: 'aborted', before: '' } as const;

function say(out: Output['out'], { done, before }: { done: string; before: string }, step: Step): void {
  const { certificate, chain, key } = step.successor;
  out(step.done ? done : before);
  for (const [what, place] of Object.entries(defined({ certificate, chain, key }))) out(`${what}: ${shortened(place)}`);
  out(RELOAD);
}

/** A path is shown from here where it is below. */
function shortened(place: string): string {
  const path = relative('.', place.replace(/^file:/, ''));
  return /^[a-z][a-z\d+.-]+:/i.test(place) && !place.startsWith('file:') ? place : path.startsWith('..') ? place : path;
}

function kindOf({ sameKey, newKey }: Options): RolloverKind | undefined {
  if (sameKey && newKey) throw new ConfigError('--same-key and --new-key together', 'Choose one of them.');
  return sameKey ? 'same-key' : newKey ? 'new-key' : undefined;
}

function wantedOf(options: Options): WantedCa {
  const kind = kindOf(options);
  if (!kind)
    throw new ConfigError(
      'renewal of the CA certificate, or another CA?',
      'Choose --same-key or --new-key. `openndes ca rollover plan` tells what each of them changes.',
    );
  const { certificate, chain, certificateKey, issuerKey, issuerPassphraseEnv, key, subject, days } = options;
  return {
    kind,
    ...(certificate !== undefined && { given: { certificate, ...defined({ chain, key: keyPlace(certificateKey) }) } }),
    ...(issuerKey !== undefined && {
      issuerKey: { uri: keyPlace(issuerKey) ?? '', ...defined({ passphrase: variable(issuerPassphraseEnv) }) },
    }),
    ...defined({ key, subject, validity: days === undefined ? undefined : days * DAY }),
  };
}

function variable(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const value = process.env[name];
  if (value) return value;
  throw new ConfigError(`the environment variable ${name} is not set`, 'Set it to the passphrase of the key.');
}
