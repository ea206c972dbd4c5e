/** An administrator and the program that asks for passwords, as the configuration and HTTP see them. */
import { scryptSync } from 'node:crypto';

export const TOKEN = 'a-token-of-the-wiring';

/** A cheap hash: the cost of a real one is not the point here. */
const salt = Buffer.from('0123456789abcdef');
const hash = scryptSync('correct horse', salt, 32, { N: 2 ** 10, r: 8, p: 1 });
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64').replace(/=+$/, '');
export const USERS = { ndes: `$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(hash)}` };

export const basic = (user: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
export const KNOWN = basic('ndes', 'correct horse');

/** What the JSON API answers when it is asked for a password. */
export type ApiAnswer = { status: number; endpoint?: string; challenge?: string; expiresAt?: string | null };

/** POST /api/challenges. */
export async function passwordFor(adminUrl: string, endpoint: string, token = TOKEN): Promise<ApiAnswer> {
  const response = await fetch(`${adminUrl}/api/challenges`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint }),
  });
  return { ...((await response.json()) as Omit<ApiAnswer, 'status'>), status: response.status };
}
