/** Which endpoint a request path means. RFC 8894 4.1: the administrator chooses the path; clients append suffixes. */
import { NDES_PATH } from '../core/ndes-path.ts';

/** Where NDES answers too, and the default path of routers. NDES serves GetCACaps at `…/mscep_admin/mscep.dll`. */
const NDES_ALIASES = ['/certsrv/mscep', '/certsrv/mscep_admin/mscep.dll', '/cgi-bin'];

/** Where clients look that know only the name of the server, such as Cisco IOS: `/cgi-bin/pkiclient.exe`. */
const DEFAULT_ALIASES = ['/cgi-bin'];

const PKICLIENT = '/pkiclient.exe';
/** Characters. No endpoint has a longer path, and processing one would only cost time. */
const LONGEST = 2048;

/**
 * The canonical form of a path: lower case, single slashes, no slash at the end, and no `/pkiclient.exe`, which Windows
 * and Cisco append even to a path that has it. A path of more than 2048 characters is returned unchanged.
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
    // Invalid escapes match no endpoint.
    return path;
  }
}

/**
 * Endpoints by canonical path, with NDES's aliases. `/cgi-bin/pkiclient.exe` leads to the endpoint at the path of NDES, or
 * to the only one. Throws TypeError when two endpoints have the same path.
 */
export function endpointPaths<T extends { path: string }>(endpoints: readonly T[]): ReadonlyMap<string, T> {
  const paths = new Map<string, T>();
  for (const endpoint of endpoints) {
    const path = canonicalPath(endpoint.path);
    if (paths.has(path)) throw new TypeError(`two endpoints at ${path}`);
    paths.set(path, endpoint);
  }
  const ndes = paths.get(NDES_PATH);
  const [only] = endpoints;
  if (ndes) addAliases(paths, ndes, NDES_ALIASES);
  else if (only && endpoints.length === 1) addAliases(paths, only, DEFAULT_ALIASES);
  return paths;
}

function addAliases<T>(paths: Map<string, T>, endpoint: T, aliases: readonly string[]): void {
  for (const alias of aliases) if (!paths.has(alias)) paths.set(alias, endpoint);
}
