/** Who a person is, by the claims of an ID token (OpenID Connect Core 5.1), and which roles they have. */

/** Claims that were verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** The immutable id is in the name, so that nobody is taken for somebody else who has, or had, the same address. */
export function personIn(claims: Claims): string {
  const id = textIn(claims, ['oid', 'sub']) ?? '';
  // Without brackets of its own: people choose it, and could write the id of somebody else into it.
  const shown = textIn(claims, ['preferred_username', 'email', 'name'])?.replaceAll('(', '[').replaceAll(')', ']');
  return shown === undefined ? `oidc ${id}` : `${shown} (oidc ${id})`;
}

const textIn = (claims: Claims, names: readonly string[]): string | undefined =>
  names.map((name) => plain(claims[name])).find((text) => text !== '');

const MOST = 200;

/** Without what could control a terminal or break a line. */
const plain = (value: unknown): string =>
  typeof value === 'string' ? value.replaceAll(/\p{C}/gu, '').trim().slice(0, MOST) : '';

/** The texts of a claim: a list or one text. `claim` is its name, or the names of objects down to it with dots between them. */
export function rolesIn(claims: Claims, claim: string): string[] {
  const value = claims[claim] ?? claim.split('.').reduce<unknown>(memberOf, claims);
  return [value].flat().filter((each) => typeof each === 'string');
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
