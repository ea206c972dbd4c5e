/** The program of step-ca: its newest module, built by Go once. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const STEP_CA = 'v0.30.2';
const MODULE = `github.com/smallstep/certificates/cmd/step-ca@${STEP_CA}`;
const BUILT = `/var/tmp/openndes-step-ca-${STEP_CA}`;

/** Builds it once; needs Go and the Go proxy. Without CGO, because with it HSMs are linked too. */
export function stepCaProgram(): string {
  const file = join(BUILT, 'step-ca');
  if (!existsSync(file))
    execFileSync('go', ['install', MODULE], {
      env: { ...process.env, GOBIN: BUILT, CGO_ENABLED: '0' },
      stdio: 'inherit',
    });
  return file;
}
