/** Graph: delta queries over users and devices. A round gives everything once, later ones what has changed since. */
import { DAY } from '../../core/durations.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryDevice, DirectoryUser } from '../directory/device-records.ts';
import type { VersionedEntry, VersionedList } from '../directory/versioned-list.ts';
import { graphError } from '../error-bodies.ts';
import { type ServiceAnswer, type ServiceCall, type ServiceHandler, json } from '../service-call.ts';
import type { TokenAuthority } from '../tokens.ts';
import { badRequest, linkOf, optionFailure, type PageSizes, pageSize } from './paging.ts';
import { graphRefusal } from './permission.ts';
import { selected } from './select.ts';

const SIZES: PageSizes = { usual: 100, most: 999 };
/** A delta token of Entra's objects is good for seven days. */
const LIFETIME = 7 * DAY;

/** Where a round stands: changes after `after` and up to `until`. `full` is the first round, which has no removals. */
type DeltaState = { list: string; generation: number; at: number; after: number; until: number; full: boolean };

type DeltaList<T> = { name: string; roles: readonly string[]; list: VersionedList<T>; rowOf: (object: T) => object };

/** `GET /users/delta`. */
export const usersDelta = (tokens: TokenAuthority, directory: Directory): ServiceHandler =>
  delta(tokens, directory, {
    name: 'users',
    roles: ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    list: directory.users,
    rowOf: ({ id, userPrincipalName, displayName, accountEnabled }: DirectoryUser) => ({
      id,
      userPrincipalName,
      displayName,
      accountEnabled,
    }),
  });

/** `GET /devices/delta`. */
export const devicesDelta = (tokens: TokenAuthority, directory: Directory): ServiceHandler =>
  delta(tokens, directory, {
    name: 'devices',
    roles: ['Device.Read.All', 'Device.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    list: directory.entraDevices,
    rowOf: (device: DirectoryDevice) => ({
      id: device.objectId,
      deviceId: device.azureADDeviceId,
      displayName: device.deviceName,
      operatingSystem: device.operatingSystem,
      accountEnabled: device.accountEnabled,
    }),
  });

function delta<T>(tokens: TokenAuthority, directory: Directory, source: DeltaList<T>): ServiceHandler {
  return (call) => {
    const refused = graphRefusal(call, tokens, { audiences: [call.site.graph], roles: source.roles });
    if (refused) return refused;
    const failure = optionFailure(call, SIZES);
    if (failure) return failure;
    const fresh = newState(call, directory, source);
    const token = call.query.get('$skiptoken') ?? call.query.get('$deltatoken');
    if (token === null || token === '') return page(call, source, fresh);
    if (token === 'latest') return answer(call, source.name, { ...end(call, fresh), value: [] });
    const state = readState(token);
    if (state?.list !== source.name) return badRequest(call, 'The token is not valid.');
    if (state.generation !== directory.generation || fresh.at - state.at > LIFETIME) return resync(call);
    // A delta token begins a new round, up to the present; a skip token goes on with its own.
    const round = call.query.has('$deltatoken') ? { ...state, until: fresh.until, at: fresh.at } : state;
    return page(call, source, round);
  };
}

const newState = <T>({ at }: ServiceCall, { generation }: Directory, { name, list }: DeltaList<T>): DeltaState => ({
  list: name,
  generation,
  at: at.getTime(),
  after: 0,
  until: list.version,
  full: true,
});

function page<T>(call: ServiceCall, source: DeltaList<T>, state: DeltaState): ServiceAnswer {
  const size = pageSize(call, SIZES) ?? SIZES.usual;
  const { after, until, full } = state;
  const found = source.list.changes({ after, until, most: size + 1, removed: !full });
  const shown = found.slice(0, size);
  const last = found.length > size ? shown.at(-1) : undefined;
  const link = last
    ? { '@odata.nextLink': linkOf(call, { $skiptoken: written({ ...state, after: last.version }) }) }
    : end(call, state);
  return answer(call, source.name, { ...link, value: shown.map((entry) => changeOf(entry, source, call)) });
}

/** The link for the next round. */
const end = (call: ServiceCall, state: DeltaState): object => ({
  '@odata.deltaLink': linkOf(call, { $deltatoken: written({ ...state, after: state.until, full: false }) }),
});

const changeOf = <T>(
  { id, object, reason }: VersionedEntry<T>,
  { rowOf }: DeltaList<T>,
  { query }: ServiceCall,
): object => (object === undefined ? { id, '@removed': { reason } } : selected(rowOf(object), query));

const answer = ({ site }: ServiceCall, name: string, body: object): ServiceAnswer =>
  json(200, { '@odata.context': `${site.graph}/v1.0/$metadata#${name}`, ...body });

/** The client must begin anew, at the address in Location. */
const resync = (call: ServiceCall): ServiceAnswer =>
  graphError(call, {
    status: 410,
    code: 'syncStateNotFound',
    text: 'The sync state generation is not found. The delta token is expired and data must be synchronized again.',
    headers: { location: linkOf(call, { $deltatoken: '' }) },
  });

const written = (state: DeltaState): string => Buffer.from(JSON.stringify(state)).toString('base64url');

function readState(token: string): DeltaState | undefined {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as DeltaState;
  } catch {
    return undefined;
  }
}
