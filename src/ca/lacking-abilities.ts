/** What a profile asks of a CA elsewhere, and which of it that CA cannot do: nothing is dropped in silence. */
import { DAY, SECOND } from '../core/durations.ts';
import type { IssuerCapabilities } from '../core/issuer.ts';
import type { Fault, Profile } from './profile.ts';

type Wish = {
  /** The key of the profile in the configuration. */
  name: string;
  /** Whether the profile asks for what a CA with these abilities does not do. */
  isLacking: (profile: Profile, can: IssuerCapabilities) => boolean;
  why: string;
  remedy: (profile: Profile) => string;
};

const remove = (name: string) => (): string => `Remove \`${name}\` from the profile, and have the CA write it itself.`;

const OWN_EXTENSIONS = [
  ['crl', ({ crl }: Profile) => crl !== undefined],
  ['aia', ({ authorityInfoAccess }: Profile) => authorityInfoAccess !== undefined],
  ['sid', ({ sid = 'drop' }: Profile) => sid !== 'drop'],
  ['policies', ({ policies }: Profile) => policies !== undefined],
  ['template', ({ template }: Profile) => template !== undefined],
  ['tlsFeatures', ({ tlsFeatures }: Profile) => tlsFeatures !== undefined],
  ['directoryAttributes', ({ directoryAttributes }: Profile) => directoryAttributes !== undefined],
  ['extensions', ({ extensions }: Profile) => extensions !== undefined],
] as const;

/** As the configuration writes it. */
const written = (ms: number): string => (ms % DAY === 0 ? `${ms / DAY}d` : `${ms / SECOND}s`);

const WISHES: readonly Wish[] = [
  {
    name: 'validity',
    isLacking: ({ validity, maxValidity }, { validityOverride }) => !validityOverride && validity !== maxValidity,
    why: 'the CA decides by itself how long a certificate is valid',
    remedy: ({ maxValidity }) =>
      `Write \`validity: ${written(maxValidity)}\` and \`maxValidity: ${written(maxValidity)}\`, or both as the CA certifies: a certificate that is valid for longer is refused.`,
  },
  {
    name: 'subjectAltName',
    isLacking: ({ altNames }, { sanFromCsr, sanFromRequest }) => altNames.length > 0 && !sanFromCsr && !sanFromRequest,
    why: 'the CA takes no subjectAltName of a request',
    remedy: () => 'Write `subjectAltName: []`: a request that has one is then refused.',
  },
  {
    name: 'subject.append',
    isLacking: ({ subject }, { subjectFromRequest, appends }) =>
      subject?.append !== undefined && !subjectFromRequest && subject.append !== appends,
    why: 'the CA certifies the subject of the request and appends nothing to it',
    remedy: remove('subject.append'),
  },
  ...OWN_EXTENSIONS.map(([name, isThere]) => ({
    name,
    isLacking: isThere,
    why: 'the CA is not told which extensions to write',
    remedy: remove(name),
  })),
  {
    name: 'profile',
    isLacking: ({ byUsage }) => byUsage !== undefined,
    why: 'the CA has one kind of certificate for all usages of a key',
    remedy: () => 'Give the endpoint one profile, or an endpoint and an authority for each usage.',
  },
];

/** The first thing that a profile asks for and a CA cannot do; undefined when it can do everything. */
export function lackingAbility(profile: Profile, can: IssuerCapabilities = {}): Fault | undefined {
  const wish = WISHES.find(({ isLacking }) => isLacking(profile, can));
  return (
    wish && {
      message: `the profile ${profile.name ?? ''} has \`${wish.name}\`, and ${wish.why}`.replace('  ', ' '),
      remedy: wish.remedy(profile),
    }
  );
}
