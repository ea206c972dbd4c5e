/** What below test/ also checks a room of src/, besides the tests of the room itself: patterns of test files. */
export const FURTHER_TESTS: Readonly<Record<string, readonly string[]>> = {
  cms: ['scep/open-*', 'scep/legacy', 'scep/capabilities'],
  pkix: ['cms/*', 'ca/*'],
  scep: ['cms/null-wrap', 'enroll/reply-password'],
  ca: ['revocation/*'],
  http: ['embed/*'],
  intune: ['policy/*'],
};
