/** The endpoints of a running server, as pages and the API show them. */
import type { EndpointSource, EndpointView, SettingsSection } from '../actions/endpoint-view.ts';
import type { Placed } from '../actions/seen-places.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import { settingsInForce, type SettingsInForce } from '../config/in-force.ts';
import { tenantsOf } from '../config/policies.ts';
import type { PolicyConfig } from '../config/policy-kinds.ts';
import { defined } from '../core/defined.ts';
import { profileNames } from './profile-names.ts';
import { requestTest, type RequestTestParts } from './request-test.ts';
import { endpointStandings } from './standings.ts';

/** What the views are made of. */
export type EndpointViewParts = RequestTestParts;

/** The settings are read from what was loaded, not from the file as it is now. */
export function endpointSource(parts: EndpointViewParts): EndpointSource {
  const { config, document } = parts.settings;
  let inForce: SettingsInForce | undefined;
  return {
    list: () => listed(parts),
    settings(endpoint) {
      inForce ??= settingsInForce(document);
      const index = config.endpoints.findIndex(({ name }) => name === endpoint);
      const found = config.endpoints[index];
      return found ? sectionsOf(found, index, inForce) : [];
    },
    test: requestTest(parts),
  };
}

function listed({ settings, endpoints, clock }: EndpointViewParts): Placed<EndpointView>[] {
  const reasons = new Map(endpointStandings(endpoints, clock).map(({ name, reason }) => [name, reason]));
  return settings.config.endpoints.map((endpoint) => {
    const { name } = endpoint;
    const view = viewOf(endpoint, settings.config.publicUrl, reasons.get(name));
    const place = { endpoint: name, authority: view.authority };
    const { tenants } = view;
    return { view, places: tenants.length > 0 ? tenants.map((tenant) => ({ ...place, tenant })) : [place] };
  });
}

function viewOf(endpoint: EndpointConfig, publicUrl: string | undefined, reason: string | undefined): EndpointView {
  const { name, path, authority, policy, approval, renewal, legacy } = endpoint;
  return {
    name,
    path,
    ...defined({ url: publicUrl && publicUrl.replace(/\/+$/, '') + path, reason }),
    serves: reason === undefined,
    authority: authority.name,
    profiles: profileNames(endpoint),
    policy: policyText(policy),
    tenants: [...new Set(tenantsOf(policy))],
    approval: approval === 'manual',
    renewal,
    legacy: [...legacy],
  };
}

/** `intune`, or `allOf: intune, anyOf (static, webhook)`. */
function policyText(policy: PolicyConfig): string {
  if (!('policies' in policy)) return policy.kind;
  const members = policy.policies.map((each) =>
    'policies' in each ? `${each.kind} (${policyText(each)})` : each.kind,
  );
  return `${policy.kind}: ${members.join(', ')}`;
}

/** What decides about a request at this endpoint: its own section, and those that it names. */
function sectionsOf(endpoint: EndpointConfig, index: number, inForce: SettingsInForce): SettingsSection[] {
  const named = [
    ...profileNames(endpoint).map((name) => ['profiles', name] as const),
    ['authorities', endpoint.authority.name] as const,
    ...[...new Set(tenantsOf(endpoint.policy))].map((name) => ['tenants', name] as const),
  ];
  return [
    { section: 'endpoint', settings: inForce(['endpoints', index]) },
    ...named.map((path) => ({ section: path.join('.'), settings: inForce([...path]) })),
  ];
}
