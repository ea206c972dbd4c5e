/** Rooms below test/ whose tests also check a room of src/, besides the tests of the room itself. */
export const FURTHER_TESTS: Readonly<Record<string, readonly string[]>> = {
  cms: ['scep'],
  pkix: ['cms', 'scep', 'ca'],
  ca: ['revocation'],
  keys: ['cms'],
  http: ['embed'],
  intune: ['policy'],
};
