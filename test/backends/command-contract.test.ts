import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issuerContract } from '../../src/testing/issuer-contract.ts';
import { withoutOpenssl } from '../kit/openssl.ts';
import { folder, SECRET } from './command-under-test.ts';
import { EXAMPLE, exampleCa } from './example-ca.ts';

/** The example, but for what a test has asked for: that it cannot reach its CA, or that it is killed after the CA has issued. */
const PROGRAM = `#!/bin/sh
if [ -f "$1/cut" ]; then
  echo "no way to the CA with $TOKEN" >&2
  exit 14
fi
if [ -f "$1/lose" ]; then
  rm "$1/lose"
  '${EXAMPLE}' "$1" >"$1/lost"
  kill -KILL $$
fi
exec '${EXAMPLE}' "$1"
`;

async function make() {
  const program = join(folder, 'contract.sh');
  writeFileSync(program, PROGRAM, { mode: 0o700 });
  const { place, certificate, backend } = await exampleCa(program);
  const revoked = join(place, 'revoked.txt');
  const ask = (what: string) => () => writeFileSync(join(place, what), '');
  return {
    issuer: backend,
    chain: [certificate],
    secrets: [SECRET],
    isRevoked: (serial: string) =>
      existsSync(revoked) && readFileSync(revoked, 'utf8').startsWith(`${serial} superseded `),
    made: () => readdirSync(place).filter((name) => /^[0-9a-f]{64}\.pem$/.test(name)).length,
    loseAnswer: ask('lose'),
    cut: ask('cut'),
  };
}

if (!withoutOpenssl && process.platform !== 'win32') issuerContract({ name: 'a command, the example in sh', make });
