/** What the endpoints of a configuration file would certify for a request, and why not. No key is needed, and nothing is stored. */
import { type LeafTemplate, planLeaf } from '../ca/leaf.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import { asksIntune } from '../config/policies.ts';
import { ConfigError, Refusal } from '../core/errors.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest } from '../core/request.ts';
import { systemClock } from '../embed/system.ts';
import type { CertificatePlan } from '../pkix/certificate.ts';
import { readCertifyingEndpoints } from './configuration-file.ts';
import { profileNameFor, templateOf } from './planned-certificates.ts';

/** The plan, or the code and the detail of the refusal. `compared`: as if the policy had compared names and purposes, as Intune does. */
export type Tried = { endpoint: string; path: string; profile: string; compared: boolean } & (
  | { plan: CertificatePlan }
  | { code: string; refused: string }
);

/**
 * One for each endpoint of the file, or for the one with this name or path. As after a policy that allowed the request. Throws
 * ConfigError for a file without syntax, and for an endpoint that it does not have.
 */
export async function triedProfiles(file: string, csr: CertificationRequest, only?: string): Promise<Tried[]> {
  const all = readCertifyingEndpoints(file);
  const endpoints = all.filter(({ name, path }) => only === undefined || name === only || path === only);
  if (endpoints.length === 0)
    throw new ConfigError(
      `${file}: no endpoint ${only ?? 'without a problem'}`,
      `Endpoints without a problem: ${all.map(({ name }) => name).join(', ') || 'none'}. Run \`openndes check\`.`,
    );
  return Promise.all(endpoints.map((endpoint) => tried(endpoint, csr, () => templateOf(endpoint))));
}

/** At one endpoint, whose template `templateFor` makes. */
export async function tried(
  endpoint: EndpointConfig,
  csr: CertificationRequest,
  templateFor: () => LeafTemplate | Promise<LeafTemplate>,
): Promise<Tried> {
  const { name, path, policy } = endpoint;
  const compared = asksIntune(policy);
  const facts = { endpoint: name, path, profile: profileNameFor(endpoint, csr), compared };
  try {
    const template = await templateFor();
    return { ...facts, plan: planned(template, csr, compared) };
  } catch (error) {
    if (error instanceof Refusal) return { ...facts, code: error.code, refused: error.message };
    if (error instanceof ConfigError) return { ...facts, code: 'configuration', refused: error.message };
    throw error;
  }
}

function planned(template: LeafTemplate, csr: CertificationRequest, compared: boolean): CertificatePlan {
  const vouched = compared && { vouchesForNames: true, vouchesForPurposes: true };
  const decision: Allow = { kind: 'allow', notify: 'none', ...vouched };
  return planLeaf(template, { csr, decision, now: systemClock(), serialNumber: Uint8Array.of(1) });
}
