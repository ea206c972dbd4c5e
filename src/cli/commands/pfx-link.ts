/** `openndes pfx link`: a file with the key of a person, which waits to be fetched once. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { openExistingStore } from '../../app/configured-store.ts';
import { linkMaker, readLinks, whyNotCertified, withKeyMaker } from '../../app/linked-keys.ts';
import { readPeople } from '../../app/pfx-work.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import { answerDeadline, systemClock } from '../../embed/system.ts';
import type { Management } from '../../manage/administrator.ts';
import { readBroughtPfx } from '../../pfx/brought-pfx.ts';
import {
  linkBroughtFile,
  type LinkedUser,
  linkUrl,
  type MadeKeyLink,
  type MadeLink,
  makeKeyLink,
} from '../../pfx/make-key-link.ts';
import { commandLineUser } from '../command-line-user.ts';
import { namesFault, userIn } from '../graph-user.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { purposeIn } from '../people-options.ts';
import { givenFile } from '../pfx-files.ts';
import { assertStore, failed } from './certs-store.ts';

type LinkOptions = {
  config: string;
  endpoint?: string;
  purpose: string;
  file?: string;
  user?: string;
  passwordFile?: string;
  json?: true;
};

/** Registers it below `pfx`. */
export function registerPfxLink(pfx: Command, output: Output): void {
  pfx
    .command('link')
    .description(
      'make a key for a user, and a link by which the PKCS#12 file is fetched once within ten minutes: for an MDM other than Intune',
    )
    .argument('[user]', 'the user as Microsoft Graph shows it, JSON, as for `pfx test`')
    .option('--purpose <purpose>', 'encryption or signing', 'encryption')
    .option('--endpoint <name>', 'the endpoint whose authority and profile issue, when it is not that of `pfx.people`')
    .option('--file <p12>', 'no key is made: this PKCS#12 file waits, as it is; with --user')
    .option('--user <name>', 'the user principal name whom the file is for, for the history')
    .option('--password-file <file>', 'a file with the password of the PKCS#12 file; asked for without it')
    .option('--json', 'one JSON object')
    .option(...CONFIG)
    .addHelpText(...example('openndes pfx link jane.json --endpoint people --purpose signing'))
    .action((user: string | undefined, options: LinkOptions) => link(user, options, output));
}

async function link(user: string | undefined, options: LinkOptions, output: Output): Promise<void> {
  const { config, json } = options;
  const base = readLinks(config);
  const work = workFor(user, options, output);
  const store = await openExistingStore(config, assertStore);
  try {
    const made = await work({ store, clock: systemClock, ...commandLineUser() });
    const url = linkUrl(base, made.token);
    if (json) output.out(jsonText({ link: url, until: made.until.toISOString(), ...keyOf(made) }));
    else tell(url, made, output);
  } finally {
    await store.close();
  }
}

type Work = (management: Management<Store>) => Promise<MadeLink | MadeKeyLink>;

/** What is to be done with what was given. */
function workFor(user: string | undefined, options: LinkOptions, { err }: Output): Work {
  const { file, user: userPrincipalName } = options;
  if (user !== undefined && file === undefined) return keyFor(linkedUser(user), options, err);
  if (user === undefined && file !== undefined && userPrincipalName !== undefined)
    return broughtFile({ ...options, file, user: userPrincipalName });
  throw new ConfigError('neither a user nor a file was given', 'Give USER.json, or --file P12 --user NAME.');
}

function linkedUser(path: string): LinkedUser {
  const user = userIn(path);
  const { userPrincipalName } = user;
  if (typeof userPrincipalName === 'string') return { ...user, userPrincipalName };
  throw new ConfigError(`${path}: the user has no userPrincipalName`, 'Add it: the key is listed by it.');
}

function keyFor(user: LinkedUser, options: LinkOptions, err: Output['err']): Work {
  const { config, endpoint = readPeople(config)?.endpoint } = options;
  const purpose = purposeIn(options.purpose);
  if (endpoint === undefined)
    throw new ConfigError('neither `--endpoint` was given nor `pfx.people` is configured', 'Give --endpoint NAME.');
  return (management) =>
    withKeyMaker({ file: config, endpoint }, management, (maker) =>
      makeKeyLink({ user, purpose }, maker, answerDeadline()).catch((error: unknown) => {
        const why = whyNotCertified(error);
        if (why !== undefined) return failed(printable(why), err);
        throw namesFault(error);
      }),
    );
}

function broughtFile({ file, user, passwordFile }: { file: string; user: string; passwordFile?: string }): Work {
  return async (management) => {
    const brought = readBroughtPfx(await givenFile(file, passwordFile));
    if (brought.ends <= management.clock())
      throw new ConfigError(`${file}: its certificate has ended`, 'Give a file whose certificate is valid.');
    return linkBroughtFile(brought, { name: basename(file), userPrincipalName: user }, linkMaker(management));
  };
}

/** What there is only of a key that was made. */
const keyOf = (made: MadeLink | MadeKeyLink): object =>
  'password' in made ? { password: made.password, key: made.id, ...made.certified.id } : {};

function tell(url: string, made: MadeLink | MadeKeyLink, { out, err }: Output): void {
  err(`The link works once, until ${made.until.toISOString()}. It is shown this once:`);
  out(url);
  if (!('password' in made)) return;
  err('The password of the file, which is shown this once too. Send it in another way than the link:');
  out(made.password);
}
