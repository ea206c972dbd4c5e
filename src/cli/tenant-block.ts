/** A tenant as it stands in openndes.yaml. */

/** The key `tenants:` with one tenant of this name below it. YAML. */
export function tenantBlock(name: string, tenant: Record<string, unknown>): string {
  const lines = Object.entries(tenant).map(
    ([key, value]) => `    ${key}: ${typeof value === 'object' ? flow(value as object) : JSON.stringify(value)}`,
  );
  return ['tenants:', `  ${name}:`, ...lines].join('\n');
}

const flow = (value: object): string =>
  `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${JSON.stringify(item)}`)
    .join(', ')} }`;
