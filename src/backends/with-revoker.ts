/** A CA that cannot revoke by itself, with something else that does. */
import type { Health, IssuerCapabilities, IssuerStanding, Revoker } from '../core/issuer.ts';
import type { Backend } from './backend.ts';

/** `capabilities`: which reasons it passes on. `check`: whether it can be used. */
export type OutsideRevoker = Revoker & Partial<Health> & { readonly capabilities?: IssuerCapabilities };

/** Certificates are made by the one and revoked by the other. Both are asked how they are, and it can be used when both can. */
export function withRevoker(backend: Backend, revoker: OutsideRevoker): Backend {
  const { revokeReasons } = revoker.capabilities ?? {};
  return {
    ...backend,
    capabilities: { ...backend.capabilities, ...(revokeReasons && { revokeReasons }) },
    revoke: (order, signal) => revoker.revoke(order, signal),
    ...(revoker.release && { release: revoker.release.bind(revoker) }),
    async check(signal) {
      const standings = await Promise.all([backend.check?.(signal), revoker.check?.(signal)]);
      return joined(standings.filter((standing) => standing !== undefined));
    },
  };
}

function joined(standings: readonly IssuerStanding[]): IssuerStanding {
  const failed = standings.filter(({ ok }) => !ok);
  return {
    ok: failed.length === 0,
    detail: (failed.length > 0 ? failed : standings).map(({ detail }) => detail).join('; '),
    warnings: standings.flatMap(({ warnings = [] }) => warnings),
  };
}
