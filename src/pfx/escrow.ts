/**
 * Keys in escrow: a PKCS#12 file under a key of its own, which is split among recovery officers. The server cannot open what it keeps, and no officer alone
 * can. RSAES-OAEP (RFC 8017 7.1) with SHA-256 seals the shares, AES-256 in GCM the file.
 */
import { constants, hash, publicEncrypt } from 'node:crypto';
import type { RandomBytes } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { readKey } from '../pkix/public-key.ts';
import type { Escrow, EscrowShare, SealedShare } from './escrow-text.ts';
import { assertOfficers, type RecoveryOfficer } from './recovery-officer.ts';
import { openOctets, sealOctets } from './sealed-octets.ts';
import { combined, type SecretShare, split } from './secret-sharing.ts';

/** What is kept: the PKCS#12 file, and its password, which is a secret. */
export type EscrowedPfx = { file: Uint8Array; password: string };

/** Who can open it: `required` of the officers together. `certificate`: that of the key, DER; its thumbprint names what is sealed. */
export type EscrowPlan = {
  certificate: Uint8Array;
  officers: readonly RecoveryOfficer[];
  required: number;
  random: RandomBytes;
};

const KEY_OCTETS = 32;
const LABEL_OCTETS = 32;

/** What shares and file are bound to: a share of another file, or one moved to another record, opens nothing. */
const labelOf = ({ thumbprint, required }: Pick<Escrow, 'thumbprint' | 'required'>): Buffer =>
  hash('sha256', `openndes-escrow 1 ${thumbprint} ${required}`, 'buffer');

/** Seals a file and its password. Throws ConfigError as `assertOfficers` does. */
export function sealEscrow({ file, password }: EscrowedPfx, plan: EscrowPlan): Escrow {
  const { officers, required, random } = plan;
  assertOfficers(officers, required);
  const thumbprint = hash('sha256', plan.certificate, 'hex');
  const label = labelOf({ thumbprint, required });
  const key = random(KEY_OCTETS);
  const shares = split(key, { required, count: officers.length }, random);
  const content = Buffer.from(JSON.stringify({ file: Buffer.from(file).toString('base64'), password }));
  const sealed = sealOctets(content, { key, label }, random);
  content.fill(0);
  key.fill(0);
  return { thumbprint, required, shares: officers.map((officer, i) => sealedShare(officer, shares[i], label)), sealed };
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/** The label, the number of the share, and its octets. */
function sealedShare(
  { name, key, sha256 }: RecoveryOfficer,
  share: SecretShare | undefined,
  label: Uint8Array,
): SealedShare {
  if (!share) throw new RangeError('fewer shares than officers');
  const plain = Buffer.concat([label, Buffer.of(share.x), share.y]);
  const sealed = publicEncrypt({ key, ...OAEP }, plain);
  plain.fill(0);
  share.y.fill(0);
  return { officer: name, sha256, sealed };
}

/**
 * The share of one officer, opened with the private key of that officer: a file, or a token. Throws ConfigError when the key is of no officer of this escrow, cannot
 * decrypt, or when the share is damaged or of another file.
 */
export async function openShare(escrow: Escrow, key: KeyProvider): Promise<EscrowShare> {
  const sha256 = hash('sha256', readKey(key.spki).spki, 'hex');
  const share = escrow.shares.find((each) => each.sha256 === sha256);
  if (!share || !key.decrypt)
    throw new ConfigError(
      'this key is of no recovery officer of this escrow',
      `Give the keys of ${escrow.required} of ${escrow.shares.map(({ officer }) => officer).join(', ')}.`,
    );
  const plain = Buffer.from(await key.decrypt(share.sealed, { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' }));
  const [label, x] = [plain.subarray(0, LABEL_OCTETS), plain[LABEL_OCTETS] ?? 0];
  if (plain.length !== LABEL_OCTETS + 1 + KEY_OCTETS || !label.equals(labelOf(escrow)))
    throw new ConfigError(`the share of ${share.officer} is damaged, or belongs to another key`, DAMAGED);
  return { officer: share.officer, sha256, share: { x, y: plain.subarray(LABEL_OCTETS + 1) } };
}

const DAMAGED = 'Take the record from a backup of the store.';

/**
 * The file and its password, from the shares of enough officers. Throws ConfigError for shares of too few officers, and when they do not fit together.
 */
export function openEscrow(escrow: Escrow, shares: readonly EscrowShare[]): EscrowedPfx {
  const officers = new Map(shares.map((each) => [each.sha256, each.share]));
  if (officers.size < escrow.required)
    throw new ConfigError(
      `${escrow.required} recovery officers are required, and the keys of ${officers.size} are here`,
      `Give the keys of ${escrow.required} different officers of ${escrow.shares.map(({ officer }) => officer).join(', ')}.`,
    );
  const key = combined([...officers.values()].slice(0, escrow.required));
  try {
    const { file, password } = JSON.parse(
      Buffer.from(openOctets(escrow.sealed, { key, label: labelOf(escrow) })).toString(),
    ) as { file: string; password: string };
    return { file: Buffer.from(file, 'base64'), password };
  } catch {
    // The cause can quote what was decrypted.
    throw new ConfigError('the shares do not open this escrow: it is damaged', DAMAGED);
  } finally {
    key.fill(0);
  }
}
