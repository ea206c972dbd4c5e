/** Graph, beta: the PKCS#12 files that are imported for users (userPfxCertificates). */
import type { Directory } from '../directory/directory.ts';
import type { ImportedCertificate, ImportedCertificates } from '../directory/imported-files.ts';
import { intuneError } from '../error-bodies.ts';
import { type ServiceAnswer, type ServiceCall, type ServiceHandler, json, mediaType } from '../service-call.ts';
import type { TokenAuthority } from '../tokens.ts';
import { importBody } from './import-body.ts';
import { filterOf } from './name-filter.ts';
import { badRequest, type PageSizes, pageOf } from './paging.ts';
import { graphRefusal } from './permission.ts';
import { userNamed } from './user-by-name.ts';

/** What the handlers work on. */
export type ImportServices = { tokens: TokenAuthority; directory: Directory; imported: ImportedCertificates };

const NAME = 'deviceManagement/userPfxCertificates';
const SIZES: PageSizes = { usual: 50, most: 1000 };
const WRITE = ['DeviceManagementConfiguration.ReadWrite.All'];
const READ = ['DeviceManagementConfiguration.Read.All', ...WRITE];

type Handle = (call: ServiceCall, services: ImportServices) => ServiceAnswer;

const withRole =
  (roles: readonly string[], handle: Handle) =>
  (services: ImportServices): ServiceHandler =>
  (call) =>
    graphRefusal(call, services.tokens, { audiences: [call.site.graph], roles, nested: true }) ??
    handle(call, services);

/** `GET /beta/deviceManagement/userPfxCertificates`, in pages. */
export const listImported = withRole(READ, (call, { imported }) => {
  const passes = filterOf(call.query.get('$filter'));
  if (!passes) return badRequest(call, "The query specified in the URI is not valid: the '$filter'.");
  const found = imported.after(0, Infinity).filter(({ certificate }) => passes(certificate));
  const rowsAfter = (after: number, most: number) =>
    found
      .filter(({ key }) => key > after)
      .slice(0, most)
      .map(({ key, certificate }) => ({ key, row: masked(certificate) }));
  return pageOf(call, rowsAfter, { name: NAME, sizes: SIZES, filter: true });
});

/** `GET …/userPfxCertificates('{id}')`. */
export const getImported = withRole(READ, (call, services) =>
  withFound(call, services, (certificate) => entity(call, 200, certificate)),
);

/** `POST /beta/deviceManagement/userPfxCertificates`. */
export const createImported = withRole(WRITE, (call, { directory, imported }) => {
  const body = mediaType(call) === 'application/json' ? importBody(call.body) : undefined;
  const user = userNamed(directory, body?.userPrincipalName ?? '');
  if (!body || !user || user.isLicensed === false) return opaqueImportError(call);
  const id = `${user.id.replaceAll('-', '')}-${body.thumbprint}`;
  if (imported.get(id)) return opaqueImportError(call);
  const now = call.at.toISOString();
  const certificate = { id, ...body, createdDateTime: now, lastModifiedDateTime: now };
  imported.set(certificate);
  return entity(call, 201, certificate);
});

/** `PATCH …/userPfxCertificates('{id}')`, with all members: a masked file or password would replace the real one, and is refused. */
export const updateImported = withRole(WRITE, (call, services) =>
  withFound(call, services, (earlier) => {
    const body = mediaType(call) === 'application/json' ? importBody(call.body) : undefined;
    if (!body || body.thumbprint !== earlier.thumbprint) return opaqueImportError(call);
    const certificate = { ...earlier, ...body, lastModifiedDateTime: call.at.toISOString() };
    services.imported.set(certificate);
    return entity(call, 200, certificate);
  }),
);

/** `DELETE …/userPfxCertificates('{id}')`. */
export const deleteImported = withRole(WRITE, (call, services) =>
  withFound(call, services, ({ id }) => {
    services.imported.remove(id);
    return { kind: 'reply', status: 204, code: 'No Content', headers: {}, body: '' };
  }),
);

function withFound(
  call: ServiceCall,
  { imported }: ImportServices,
  use: (certificate: ImportedCertificate) => ServiceAnswer,
): ServiceAnswer {
  const found = imported.get(call.params['id']?.toLowerCase() ?? '');
  if (found) return use(found);
  return intuneError(call, { status: 404, code: 'ResourceNotFound', text: 'Resource not found.' });
}

/** File and password are never given out: null octets and nothing stand in their place. */
const masked = (certificate: ImportedCertificate): ImportedCertificate => ({
  ...certificate,
  encryptedPfxBlob: 'AA==',
  encryptedPfxPassword: '',
});

const entity = ({ site }: ServiceCall, status: number, certificate: ImportedCertificate): ServiceAnswer =>
  json(status, { '@odata.context': `${site.graph}/beta/$metadata#${NAME}/$entity`, ...masked(certificate) });

/** Whatever is wrong with an import, Intune says the same. */
export const opaqueImportError = (call: ServiceCall): ServiceAnswer =>
  intuneError(call, {
    status: 400,
    code: 'BadRequest',
    text: `An error has occurred - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Url: ${call.site.graph}/StatelessImportPFXService/deviceManagement/userPfxCertificates`,
  });
