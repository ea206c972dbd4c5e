/** What `profiles test` prints of one endpoint: the certificate that a request would get, and what of the request is not in it. */
import { notGranted, planFacts } from '../app/plan-facts.ts';
import type { Tried } from '../app/tried-profiles.ts';
import type { CertificationRequest } from '../core/request.ts';

/** Facts by name. `refused` begins with the code of docs/errors.md. */
export function triedReport(tried: Tried, csr: CertificationRequest): Record<string, unknown> {
  const { endpoint, profile, compared } = tried;
  const names = compared ? 'compared by the policy' : 'not compared by the policy';
  if ('refused' in tried) return { endpoint, profile, names, refused: `${tried.code}: ${tried.refused}` };
  const { requestedValidity: wish } = csr;
  const lost = listed(notGranted(csr, tried.plan));
  return {
    endpoint,
    profile,
    names,
    certificate: listed(planFacts(tried.plan, csr)),
    ...(wish && { requestedValidity: `${wish.count} ${wish.unit}` }),
    ...(Object.keys(lost).length > 0 && { notGranted: lost }),
  };
}

/** Lists as one text each. */
const listed = (facts: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(facts).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.join(', ') || 'none' : value,
    ]),
  );
