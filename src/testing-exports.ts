/**
 * `openndes/testing`: what a vendor tests an own implementation with. The contract suites declare tests of node:test; run
 * them from a test file of your own. The fakes stand in for a clock, a log and a CA.
 */
export {
  type FakeClock,
  fakeClock,
  type FakeIssuer,
  fakeIssuer,
  type LogEntry,
  type MemoryLog,
  memoryLog,
} from './testing/fakes.ts';
export { type IssuerCase, issuerContract, type IssuerUnderTest, type WholeIssuer } from './testing/issuer-contract.ts';
export { type KeyProviderCase, keyProviderContract } from './testing/key-provider-contract.ts';
export { type PolicyCase, policyContract } from './testing/policy-contract.ts';
export { readRequest, type RequestedNames, signedRequest } from './testing/signed-request.ts';
export { type SampleRequest, sampleRequest } from './testing/sample-request.ts';
export type { OpenedStore } from './testing/opened-store.ts';
export { storeContract } from './testing/store-contract.ts';
