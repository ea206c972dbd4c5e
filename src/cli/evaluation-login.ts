/** The one user of evaluation mode, with a new password and a new second factor at each start. */
import { join } from 'node:path';
import { hashPassword } from '../access/password-hash.ts';
import { newSecondFactor } from '../access/totp.ts';
import { writePrivateFile } from '../app/files.ts';
import { systemRandom } from '../embed/system.ts';
import { codeNow } from './second-factor-code.ts';

/** The name of the user. */
export const USER = 'admin';

/** What the person types. `file`: where the second factor is. */
export type EvaluationLogin = { password: string; file: string };

const OCTETS = 12;

/** Writes the hash and the second factor into the folder. */
export async function writeLogin(data: string): Promise<EvaluationLogin> {
  const password = Buffer.from(systemRandom(OCTETS)).toString('base64url');
  const file = join(data, `${USER}.totp`);
  writePrivateFile(join(data, `${USER}.hash`), `${await hashPassword(password, systemRandom)}\n`);
  writePrivateFile(file, `${newSecondFactor(USER, systemRandom)}\n`);
  return { password, file };
}

/** Where the pages are, and how to sign in. */
export const signInText = (adminUrl: string, { password, file }: EvaluationLogin): string => `
The pages of administrators   ${adminUrl}/admin/
  user ${USER}   password ${password}   code ${codeNow(file)} (the next one: npx openndes totp code ${file})
`;
