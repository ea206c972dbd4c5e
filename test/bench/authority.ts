/** A CA and an RA for measuring, in memory. */
import { systemRandom } from '../../src/embed/system.ts';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { createIssuingCa, createRa, createRoot } from '../../src/ca/create.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { generateKey, type KeyChoice } from '../../src/keys/software.ts';

const DAY = 86_400_000;

export async function benchAuthority(choice: KeyChoice) {
  const [rootKey, caKey, raKey] = [generateKey('p256'), generateKey(choice), generateKey('rsa-2048')];
  const common = {
    clock: () => new Date(),
    random: systemRandom,
    backdate: DAY,
    validity: 3650 * DAY,
  };
  const root = await createRoot({ ...common, subject: 'CN=Bench Root', key: rootKey });
  const issuing = await createIssuingCa(
    { ...common, subject: 'CN=Bench CA', key: caKey },
    { certificate: root, key: rootKey },
  );
  const ra = await createRa({ ...common, subject: 'CN=Bench RA', key: raKey }, { certificate: issuing, key: caKey });
  const issuer = localAuthority({
    ...common,
    certificate: issuing,
    chain: [root],
    key: caKey,
    profile: DEFAULT_PROFILE,
  });
  return {
    issuer,
    ca: { certificate: issuing, key: caKey },
    ra: { certificate: ra, key: raKey },
    chain: [issuing, root],
  };
}
