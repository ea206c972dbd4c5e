/** Sections of a server that makes keys for people of a simulated tenant. */
import { createPublicKey, hash } from 'node:crypto';
import { rsaKey } from '../kit/keys.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { file } from './files.ts';
import { tenantNamed } from './tenant.ts';

const GRAPH = ['Application.Read.All', 'User.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'];

/** `name`: of the simulated tenant, which is `contoso` in the configuration. `endpoint` issues. */
export async function peopleSections(name: string, endpoint: string) {
  const { section, simulator } = await tenantNamed(name);
  simulator.app.setRoles({ graph: GRAPH });
  const key = rsaKey('connector');
  const publicKey = file(`${name}-connector.pem`, connectorPem(createPublicKey(key.privateKey)));
  const connector = { publicKey, sha256: hash('sha256', key.spki), keyName: 'PFXKey' };
  const people = { tenant: 'contoso', endpoint };
  return {
    tenants: { contoso: section },
    pfx: { subject: 'CN={{UserPrincipalName}}', key: 'p256', connector, people },
  };
}
