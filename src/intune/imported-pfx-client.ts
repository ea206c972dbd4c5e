/** PKCS#12 files of users in Intune, through `userPfxCertificates` of Microsoft Graph, which only its beta version has. */
import { importedPfxId, type ListedPfx, type PfxImport, type PfxImports } from '../core/imported-pfx.ts';
import { asObject, parseObject } from '../outbound/untrusted-json.ts';
import { askGraph, type GraphQuery } from './graph-call.ts';
import { type GraphListOptions, graphPages } from './graph-pages.ts';
import { type HttpFault, httpFault, notAnAnswer, serviceError } from './http-faults.ts';
import { directoryUser, importBody, listedPfx, USER_SELECTION } from './imported-pfx-rows.ts';
import type { PacedCalls } from './paced-calls.ts';
import { IntuneUnreachable } from './unreachable.ts';

/** What the client needs. `paced`: the pace of this tenant. */
export type ImportedPfxOptions = GraphListOptions & { paced: PacedCalls };

/** Makes the client. Nothing is sent before the first call. Errors are IntuneUnreachable with hop `user` or `userPfxCertificates`. */
export function importedPfxClient(options: ImportedPfxOptions): PfxImports {
  const { cloud, paced } = options;
  const all = `${cloud.graph}/beta/deviceManagement/userPfxCertificates`;
  const one = (id: string): string => `${all}('${id}')`;
  const ask = <T>(query: Omit<GraphQuery, 'hop'>, signal: AbortSignal, read: (fault: HttpFault) => T): Promise<T> =>
    askGraph({ hop: HOP, ...query }, options, signal, read);
  const found = (id: string, signal: AbortSignal) => ask({ url: one(id) }, signal, orAbsent(entityOf(200, id)));
  return {
    user: (name, signal) =>
      paced((ends) => {
        const url = `${cloud.graph}/v1.0/users/${encodeURIComponent(name)}?$select=${USER_SELECTION}`;
        return askGraph({ hop: 'user', url }, options, ends, orAbsent(userOf));
      }, signal),
    create: (userId, what, signal) => paced(creation(userId, what, { ask, found, all }), signal),
    async list(name, signal) {
      const filter = name === undefined ? '' : `?$filter=${encodeURIComponent(filterFor(name))}`;
      const listed: ListedPfx[] = [];
      const list = { hop: HOP, url: all + filter, read: listedPfx } as const;
      for await (const { rows } of graphPages(list, options, signal)) listed.push(...rows);
      return listed;
    },
    get: (id, signal) => paced((ends) => found(id, ends), signal),
    async update(userId, what, signal) {
      assertFile(what);
      const id = importedPfxId(userId, what.thumbprint);
      const query = { url: one(id), method: 'PATCH', body: importBody(what) } as const;
      return paced((ends) => ask(query, ends, entityOf(200, id)), signal);
    },
    delete: (id, signal) => paced((ends) => ask({ url: one(id), method: 'DELETE' }, ends, orAbsent(nothing)), signal),
  };
}

const HOP = 'userPfxCertificates';

type Creation = {
  ask: <T>(query: Omit<GraphQuery, 'hop'>, signal: AbortSignal, read: (fault: HttpFault) => T) => Promise<T>;
  found: (id: string, signal: AbortSignal) => Promise<ListedPfx | undefined>;
  all: string;
};

/** An attempt to import. After one of which it is not known whether it succeeded, the next one looks first. */
function creation(userId: string, what: PfxImport, { ask, found, all }: Creation) {
  assertFile(what);
  const id = importedPfxId(userId, what.thumbprint);
  let isUnsure = false;
  return async (signal: AbortSignal): Promise<ListedPfx> => {
    const there = isUnsure ? await found(id, signal) : undefined;
    if (there) return there;
    try {
      return await ask({ url: all, method: 'POST', body: importBody(what) }, signal, entityOf(201, id));
    } catch (error) {
      // What was throttled was not done.
      isUnsure ||= error instanceof IntuneUnreachable && error.status !== 429;
      throw error;
    }
  };
}

/** What Graph shows in place of a file must never be written over it. */
function assertFile({ file, sealedPassword }: PfxImport): void {
  if (file[0] !== 0x30 || file.length < 100 || sealedPassword === '')
    throw new RangeError('an import needs the PKCS#12 file and its encrypted password: Graph gives neither back');
}

/** Only the member is made lower case by Graph, so the value is sent so. */
const filterFor = (userPrincipalName: string): string =>
  `tolower(userPrincipalName) eq '${userPrincipalName.toLowerCase().replaceAll("'", "''")}'`;

const entityOf =
  (status: number, id: string) =>
  (fault: HttpFault): ListedPfx => {
    if (fault.reply.status !== status) throw refused(fault);
    const row = asObject(parseObject(fault.reply.text));
    const listed = row && listedPfx(row);
    if (listed?.id !== id) throw notAnAnswer(fault);
    return listed;
  };

const userOf = (fault: HttpFault) => {
  if (fault.reply.status !== 200) throw refused(fault);
  const row = asObject(parseObject(fault.reply.text));
  const user = row && directoryUser(row);
  if (!user) throw notAnAnswer(fault);
  return user;
};

const nothing = (fault: HttpFault): undefined => {
  if (fault.reply.status !== 204) throw refused(fault);
  return undefined;
};

/** HTTP 404 is an answer only when it is one of Graph. */
const orAbsent =
  <T>(read: (fault: HttpFault) => T) =>
  (fault: HttpFault): T | undefined =>
    fault.reply.status === 404 && serviceError(parseObject(fault.reply.text), []) ? undefined : read(fault);

const THREE_CHECKS =
  'Microsoft does not say why. Check three things: that the user exists by this name and has a licence of Intune; that the purpose, the key and its provider are right in `pfx` of the configuration; and that this certificate was not imported before (`openndes pfx list`).';

const refused = (fault: HttpFault): IntuneUnreachable => {
  const { reply, clientRequestId, hop } = fault;
  const error = httpFault(fault);
  if (reply.status !== 400 || !reply.text.includes('StatelessImportPFX')) return error;
  const { activityId, what } = error;
  return new IntuneUnreachable({
    hop,
    what,
    remedy: THREE_CHECKS,
    retryable: false,
    status: 400,
    activityId,
    clientRequestId,
  });
};
