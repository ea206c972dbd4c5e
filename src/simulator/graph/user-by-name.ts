/** Graph: one user. */
import type { Directory } from '../directory/directory.ts';
import type { DirectoryUser } from '../directory/device-records.ts';
import { graphError } from '../error-bodies.ts';
import { type ServiceHandler, json } from '../service-call.ts';
import type { TokenAuthority } from '../tokens.ts';
import { graphRefusal } from './permission.ts';

const ROLES = ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
/** What Graph gives without `$select`. */
const USUAL = ['displayName', 'givenName', 'id', 'mail', 'surname', 'userPrincipalName'];

/** `GET /users/{id or userPrincipalName}`. A member that the user has not is null. */
export const userByName =
  (tokens: TokenAuthority, directory: Directory): ServiceHandler =>
  (call) => {
    const refused = graphRefusal(call, tokens, { audiences: [call.site.graph], roles: ROLES });
    if (refused) return refused;
    const name = call.params['user'] ?? '';
    const user = userNamed(directory, name);
    if (!user)
      return graphError(call, {
        status: 404,
        code: 'Request_ResourceNotFound',
        text: `Resource '${name.slice(0, 80)}' does not exist or one of its queried reference-property objects are not present.`,
      });
    const members = new Map<string, unknown>(Object.entries(user));
    const wanted = call.query.get('$select')?.split(',') ?? USUAL;
    const row = Object.fromEntries(wanted.map((each) => [each, members.get(each) ?? null]));
    return json(200, { '@odata.context': `${call.site.graph}/v1.0/$metadata#users/$entity`, ...row });
  };

/** The user with this object id or this name, in any letter case. */
export function userNamed({ users }: Pick<Directory, 'users'>, name: string): DirectoryUser | undefined {
  const wanted = name.toLowerCase();
  return (
    users.get(wanted) ?? users.objects().find(({ userPrincipalName }) => userPrincipalName.toLowerCase() === wanted)
  );
}
