/** What happens to the devices of the seeded installation. Each one is a row that somebody could look for. */

import type { FaultValue } from '../../src/simulator/fault-table.ts';

/** `subject` and `san` are what the device asks for; `profile` is what Intune compares with, when that is something else. */
export type Story = {
  subject: string;
  san?: readonly string[];
  profile?: { subject: string };
  /** The challenge, when it is not that of Intune for this device. */
  challenge?: string;
  /** What Intune answers to the next validation. */
  answer?: FaultValue;
};

const NAMES = [
  'ada',
  'grace',
  'edsger',
  'barbara',
  'ken',
  'margaret',
  'alan',
  'radia',
  'donald',
  'frances',
  'tim',
  'joan',
];

/** Devices that get their certificate. */
const issued: readonly Story[] = NAMES.map((name, at) => ({
  subject: `CN=laptop-${String(at + 1).padStart(3, '0')},O=Contoso`,
  san: [`upn:${name}@contoso.com`, `uri:IntuneDeviceId://7d1f0a52-31c4-4e8e-9a17-0000000000${String(at + 10)}`],
}));

/** Devices that get none, and why. */
const refused: readonly Story[] = [
  { subject: 'CN=laptop-017,O=Contoso', san: ['upn:linus@contoso.com'], answer: 'ChallengeExpired' },
  { subject: 'CN=tablet-004', san: ['upn:hedy@contoso.com'], profile: { subject: 'CN=tablet-004,O=Contoso' } },
  { subject: 'CN=phone-021,O=Contoso', san: ['upn:evelyn@contoso.com'], challenge: 'not-a-challenge-of-intune' },
];

/** In the order in which they come. */
export const STORIES: readonly Story[] = [...issued.slice(0, 7), ...refused, ...issued.slice(7)];
