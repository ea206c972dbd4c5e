/** Imports a PKCS#12 file that somebody has already, as it is. */
import { hash } from 'node:crypto';
import { ConfigError } from '../core/errors.ts';
import { importedPfxId, type PfxPurpose, type UserOfDirectory } from '../core/imported-pfx.ts';
import { type BroughtPfx, readBroughtPfx } from './brought-pfx.ts';
import { sealPfxPassword } from './connector-envelope.ts';
import type { UserKeyServices } from './user-key-services.ts';

/** A file, for whom and what for. `where` names it for errors; `password` is a secret. */
export type GivenPfx = {
  where: string;
  file: Uint8Array;
  password: string;
  userPrincipalName: string;
  purpose: PfxPurpose;
};

/** `planned`: it would be imported. `known`: Intune has it already. */
export type PfxFileResult = 'imported' | 'known' | 'planned';

type ReadPfx = Pick<BroughtPfx, 'thumbprint' | 'starts' | 'ends'>;

/**
 * Imports it and records that, unless Intune has it: so it can be given again after an interruption. With `isDryRun` it is only read, and Graph asked
 * for the user and the file. Throws ConfigError for a file that is wrong, has ended or has a password that Intune cannot take, and for a user who is not there.
 */
export async function importPfxFile(
  given: GivenPfx,
  services: UserKeyServices,
  isDryRun: boolean,
  signal: AbortSignal,
): Promise<PfxFileResult> {
  const { imports } = services;
  const read = checked(given, services);
  const sealedPassword = sealed(given, services);
  const user = await imports.user(given.userPrincipalName, signal);
  if (!user)
    throw new ConfigError(`the directory has no user ${given.userPrincipalName}`, 'Look at the name in Entra.');
  const isThere = await imports.get(importedPfxId(user.id, read.thumbprint), signal);
  if (isDryRun) return isThere ? 'known' : 'planned';
  if (!isThere) {
    const { connector } = services.plan;
    const { keyName, provider: providerName } = services.connectorNames;
    const paddingScheme = connector?.scheme ?? 'oaepSha512';
    const { file, purpose, userPrincipalName } = given;
    const names = { providerName, keyName, paddingScheme, userPrincipalName };
    await imports.create(user.id, { ...read, ...names, purpose, file, sealedPassword }, signal);
  }
  await recorded(given, { read, user }, services);
  return isThere ? 'known' : 'imported';
}

/** The file, unless its certificate has ended. */
function checked({ where, file, password }: GivenPfx, { clock }: Pick<UserKeyServices, 'clock'>): ReadPfx {
  const { thumbprint, starts, ends } = readBroughtPfx({ where, file, password });
  if (ends <= clock())
    throw new ConfigError(
      `${where}: its certificate has ended`,
      'Intune gives no file to devices whose certificate has ended.',
    );
  return { thumbprint, starts, ends };
}

function sealed({ where, password }: GivenPfx, { plan: { connector } }: UserKeyServices): string {
  if (!connector)
    throw new ConfigError('the configuration has no `pfx.connector`', 'docs/pfx.md says what goes there.');
  try {
    return sealPfxPassword(connector.key, password, connector.scheme);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`${where}: ${error.message}`, 'Export the file again with a password of letters and digits.');
  }
}

/** The id follows from tenant, user and certificate: a file that is given again has one row. */
async function recorded(
  given: GivenPfx,
  { read, user }: { read: ReadPfx; user: UserOfDirectory },
  { store, tenant, clock }: UserKeyServices,
): Promise<void> {
  const id = hash('sha256', `${tenant}\n${user.id}\n${read.thumbprint}`, 'hex').slice(0, 32);
  if (await store.findUserKey(id)) return;
  const now = clock();
  const { userPrincipalName, purpose } = given;
  const { thumbprint: print, starts, ends } = read;
  const names = { id, tenant, userPrincipalName, userId: user.id, purpose, thumbprint: print, starts, ends };
  await store.addUserKey({ ...names, origin: 'file', state: 'imported', at: now, dueAt: now });
}
