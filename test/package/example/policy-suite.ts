/** How a vendor tests a policy of his own: `node --test policy-suite.js` runs the contract that every policy must keep. */
import type { EnrollmentRequest, Policy } from 'openndes';
import { policyContract, sampleRequest } from 'openndes/testing';

/** Allows only the devices of an inventory. */
function inventoryPolicy(devices: ReadonlySet<string>): Policy {
  return {
    name: 'inventory',
    async decide({ csr }: EnrollmentRequest) {
      if (devices.has(csr.subjectText)) return { kind: 'allow', notify: 'none' };
      return { kind: 'deny', code: 'policy_denied', detail: 'the inventory does not have this device' };
    },
  };
}

policyContract({
  name: 'inventory',
  make: () => inventoryPolicy(new Set(['CN=laptop-001'])),
  allowed: [sampleRequest({ csr: { subjectText: 'CN=laptop-001' } })],
  denied: [sampleRequest({ csr: { subjectText: 'CN=unknown' } })],
});
