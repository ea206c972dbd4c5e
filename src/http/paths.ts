/** Which endpoint a request path means. RFC 8894 4.1: the path is the administrator's; clients add what they please. */

const NDES_PATH = '/certsrv/mscep/mscep.dll';
/** Where NDES itself answers too, and where routers ask by habit. `…/mscep_admin/mscep.dll` serves GetCACaps there. */
const NDES_ALIASES = ['/certsrv/mscep', '/certsrv/mscep_admin/mscep.dll', '/cgi-bin'];

const PKICLIENT = '/pkiclient.exe';
/** Characters. No endpoint has such a path, and work on it would be work for whoever sends it. */
const LONGEST = 2048;

/**
 * The canonical form of a path: lower case, single slashes, none at the end, and no `/pkiclient.exe`, which Windows and
 * Cisco append even where the administrator has already typed it. One of more than 2048 characters stays as it is.
 */
export function canonicalPath(path: string): string {
  if (path.length > LONGEST) return path;
  let rest = decoded(path)
    .toLowerCase()
    .replace(/\/{2,}/g, '/');
  for (let suffix = suffixOf(rest); suffix; suffix = suffixOf(rest)) rest = rest.slice(0, -suffix.length);
  return rest || '/';
}

const suffixOf = (path: string): string | undefined => [PKICLIENT, '/'].find((suffix) => path.endsWith(suffix));

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray `%` is no path of ours; as it stands it will match none.
    return path;
  }
}

/** Endpoints by canonical path, NDES's aliases included. Throws TypeError when two endpoints would share one. */
export function endpointPaths<T extends { path: string }>(endpoints: readonly T[]): ReadonlyMap<string, T> {
  const paths = new Map<string, T>();
  for (const endpoint of endpoints) {
    const path = canonicalPath(endpoint.path);
    if (paths.has(path)) throw new TypeError(`two endpoints at ${path}`);
    paths.set(path, endpoint);
  }
  const ndes = paths.get(NDES_PATH);
  for (const alias of ndes ? NDES_ALIASES : []) if (!paths.has(alias)) paths.set(alias, ndes!);
  return paths;
}
