/** What the certificates of waiting requests would contain, by the configuration file; no key is needed for that. */
import { readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { type LeafTemplate, leafTemplate, planLeaf } from '../ca/leaf.ts';
import { keyPurpose } from '../ca/usage-templates.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import { ConfigError, Refusal } from '../core/errors.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest } from '../core/request.ts';
import { systemClock } from '../embed/system.ts';
import type { Planned, PlanOf } from '../manage/pending-requests.ts';
import { findExtension, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID, purposeName } from '../pkix/oids.ts';
import { readCertifyingEndpoints } from './configuration-file.ts';
import { loadChain } from './loaded-authority.ts';
import { profileOf } from './loaded-endpoints.ts';

/** As an approved request is allowed: the administrator vouches for nothing beyond the profile. */
const APPROVED: Allow = { kind: 'allow', notify: 'none' };

/** For the endpoints of this file. Throws ConfigError when the file has no syntax. */
export function plannedCertificates(file: string): PlanOf {
  const endpoints = new Map(readCertifyingEndpoints(file).map((endpoint) => [endpoint.name, endpoint]));
  const templates = new Map<string, Promise<LeafTemplate>>();
  return async (name, csr) => {
    const endpoint = endpoints.get(name);
    if (!endpoint) return { refused: 'no endpoint of the configuration has this name, or its section has a problem' };
    const profile = profileNameFor(endpoint, csr);
    try {
      const template = templates.get(name) ?? templateOf(endpoint);
      templates.set(name, template);
      return { profile, ...planned(await template, csr) };
    } catch (error) {
      if (error instanceof Refusal || error instanceof ConfigError) return { profile, refused: error.message };
      throw error;
    }
  };
}

/** The name of the profile that a request gets. The one for general purposes when its key usage cannot be read. */
export function profileNameFor({ profile, byUsage }: EndpointConfig, csr: CertificationRequest): string {
  if (!byUsage) return profile.name;
  try {
    const purpose = keyPurpose(csr);
    return purpose === 'generalPurpose' ? profile.name : byUsage[purpose].name;
  } catch (error) {
    if (error instanceof Refusal) return profile.name;
    throw error;
  }
}

/** The template of an endpoint. Throws ConfigError when a certificate of its authority cannot be used. */
export async function templateOf(endpoint: EndpointConfig): Promise<LeafTemplate> {
  const chain = await loadChain(endpoint.authority.value, async (_key, work) => work());
  return templateWith(endpoint, chain ?? []);
}

/** The same with a chain that was read: the issuing CA first, DER. */
export function templateWith(endpoint: EndpointConfig, chain: readonly Uint8Array[]): LeafTemplate {
  const now = systemClock();
  const [certificate, ...above] = chain;
  if (!certificate) throw new ConfigError('the certificates of the authority cannot be read', 'Run `openndes check`.');
  const ca = readCaCertificate(certificate, now);
  return leafTemplate(profileOf(endpoint), ca, readChain(ca, above, now));
}

/** Throws Refusal when the CA would refuse the request. */
function planned(template: LeafTemplate, csr: CertificationRequest): Planned {
  const leaf = { csr, decision: APPROVED, now: systemClock(), serialNumber: Uint8Array.of(1) };
  const { extensions, notBefore, notAfter } = planLeaf(template, leaf);
  const [usages, purposes] = [OID.keyUsage, OID.extendedKeyUsage].map((id) => findExtension(extensions, id)?.value);
  return {
    keyUsage: usages ? readKeyUsage(usages) : [],
    extendedKeyUsage: purposes ? readExtendedKeyUsage(purposes).map(purposeName) : [],
    notBefore,
    notAfter,
  };
}
