/** How fast the keys of CAs elsewhere sign, and how many signatures their services allow. */
import type { Settings } from '../../app/settings.ts';
import type { KeyProvider } from '../../core/keys.ts';
import { monotonic } from '../../embed/system.ts';
import { signatureQuota } from '../../keys/kms/quotas.ts';
import { digestFor } from '../../pkix/signature.ts';
import { type DoctorProbe, type ProbeOutcome, pass, warn } from './doctor-probe.ts';

/** One row for each authority whose key is elsewhere. */
export const keyProbes = ({ authorities, config }: Pick<Settings, 'authorities' | 'config'>): DoctorProbe[] =>
  [...authorities.values()]
    .flatMap(({ name, authority: { key } }) => (key && 'standing' in key ? [{ name, key }] : []))
    .map(({ name, key }) => ({
      id: `keys.${name}`,
      group: 'certificates',
      title: `authority ${name}: its key elsewhere`,
      run: () => keyFound(key, config.authorities[name]?.key?.split(':')[0] ?? ''),
    }));

/** Fewer enrolments per second than this are worth a warning: a school or a shift enrols in an hour. */
const FEW = 100;

/** Throws IssuerError when the key does not sign. */
async function keyFound(key: KeyProvider, scheme: string): Promise<ProbeOutcome> {
  const ms = await signingTime(key);
  const quota = signatureQuota(scheme, key.kind);
  const speed = `a signature takes ${ms} ms, and each enrolment is one`;
  if (!quota) return pass(`The key signs: ${speed}.`, ['No quota is known for it: ask who runs it.']);
  const details = [quota.text, `at most ${quota.perSecond} enrolments per second, unless your quota is another one`];
  if (quota.perSecond >= FEW) return pass(`The key signs: ${speed}.`, details);
  return warn(
    `The quota of the key is at most ${quota.perSecond} enrolments per second`,
    'More devices at once get PENDING and come back. A CA key on P-256 or P-384 allows several times as many.',
    { details: [speed, ...details] },
  );
}

const TRIAL = Buffer.from('openndes asks whether this key signs');

/** Whole milliseconds of one signature: the middle of three. */
async function signingTime(key: KeyProvider): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const from = monotonic();
    await key.sign({ data: TRIAL, digest: digestFor(key.kind), scheme: 'pkcs1' });
    times.push(monotonic() - from);
  }
  return Math.ceil(times.toSorted((one, other) => one - other)[1] ?? 0);
}
