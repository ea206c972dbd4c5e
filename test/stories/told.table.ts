/** Ten reasons why a device has no certificate: what it did, what an administrator knows of it, and what the page must say. */
import { discover } from '../../src/client/scep-client.ts';
import { attribute } from '../kit/forge.ts';
import { encode } from '../../src/asn1/writer.ts';
import { cipherByName } from '../../src/cms/algorithms.ts';
import { forgery, type Odd } from '../wiring/device.ts';
import { asks, deviceAt, type World } from './world.ts';

/** `search`: what the administrator types. `says`: what is found. `todo`: the remedy. */
export type Story = {
  title: string;
  happens: (world: World) => Promise<void>;
  search: string;
  says: RegExp;
  todo: RegExp;
};

/** The message of a forged request, sent as a device at this address sends it. */
async function sends({ url }: World, address: string, odd: Odd): Promise<void> {
  const { fetch } = deviceAt(address);
  const body = Buffer.from(await forgery(odd));
  await fetch(`${url('/wifi')}?operation=PKIOperation`, { method: 'POST', body });
}

/** UTCTime (RFC 5652 11.3) of two days ago. */
function twoDaysAgo(): Uint8Array {
  const digits = new Date(Date.now() - 172_800_000).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return attribute('1.2.840.113549.1.9.5', encode(0x17, Buffer.from(`${digits}Z`)));
}

/** In the order of the documentation. */
export const STORIES: readonly Story[] = [
  {
    title: 'wrong subject',
    happens: async ({ url, simulators: { office } }) => {
      const challenge = office.mint({ subject: 'CN=PHONE-01,O=Contoso' });
      await asks(url('/wifi'), '192.0.2.1', { subject: 'CN=PHONE-1,O=Contoso', challenge });
    },
    search: 'phone-1',
    says: /SubjectNameMismatch/,
    todo: /check in again if the profile was edited/,
  },
  {
    title: 'expired challenge',
    happens: async ({ url, simulators: { office } }) => {
      const subject = 'CN=ada@example.com';
      await asks(url('/wifi'), '192.0.2.2', { subject, challenge: office.mint({ subject, validitySeconds: 0 }) });
    },
    search: 'ada@example.com',
    says: /ChallengeExpired/,
    todo: /new one at its next check-in/,
  },
  {
    title: 'Intune is down',
    happens: async ({ url, simulators: { down } }) => {
      const subject = 'CN=PHONE-3';
      down.fault({ hop: 'validateRequest', fault: { status: 503 } });
      await asks(url('/down'), '192.0.2.3', { subject, challenge: down.mint({ subject }) });
    },
    search: '192.0.2.3',
    says: /validateRequest: HTTP 503/,
    todo: /openndes doctor/,
  },
  {
    title: 'wrong secret',
    happens: async ({ url, simulators: { office } }) => {
      const subject = 'CN=PHONE-4';
      await asks(url('/secret'), '192.0.2.4', { subject, challenge: office.mint({ subject }) });
    },
    search: 'PHONE-4',
    says: /AADSTS7000215/,
    todo: /Give the value of the secret, not its id/,
  },
  {
    title: 'missing permission',
    happens: async ({ url, simulators }) => {
      const subject = 'CN=PHONE-5';
      const poor = simulators['without-permission'];
      poor.app.setRoles({ intune: [] });
      poor.revokeTokens();
      await asks(url('/permission'), '192.0.2.5', { subject, challenge: poor.mint({ subject }) });
    },
    search: 'PHONE-5',
    says: /403|permission/,
    todo: /scep_challenge_provider/,
  },
  {
    title: 'chain not trusted',
    happens: async ({ url }) => {
      for (let time = 0; time < 14; time++) await discover(url('/wifi'), deviceAt('192.0.2.6'));
    },
    search: '192.0.2.6',
    says: /asked for the CA certificate 14 times since .*never sent a request: it probably does not trust the chain/,
    todo: /thumbprint/,
  },
  {
    title: 'clock of the device',
    happens: (world) => sends(world, '192.0.2.7', { attributes: [twoDaysAgo()] }),
    search: '192.0.2.7',
    says: /signing_time_refused/,
    todo: /Set the clock of the device/,
  },
  {
    title: 'legacy algorithm',
    happens: (world) => sends(world, '192.0.2.8', { envelope: { cipher: cipherByName('des-ede3-cbc')! } }),
    search: '192.0.2.8',
    says: /algorithm_refused/,
    todo: /SHA-256 and AES/,
  },
  {
    title: 'a proxy cuts the URL',
    happens: async ({ url }) => {
      const { fetch } = deviceAt('192.0.2.9');
      await discover(url('/wifi'), deviceAt('192.0.2.9'));
      const message = Buffer.from(await forgery())
        .toString('base64')
        .slice(0, 2_000);
      await fetch(`${url('/wifi')}?operation=PKIOperation&message=${encodeURIComponent(message)}`);
    },
    search: '192.0.2.9',
    says: /message/,
    todo: /proxy between device and server/,
  },
  {
    title: 'profile no longer assigned',
    happens: async ({ url, simulators: { office } }) => {
      const subject = 'CN=PHONE-10,SERIALNUMBER=C02XK1';
      const profileId = '7d9f4b5e-0000-4000-8000-000000000010';
      const challenge = office.mint({ subject, profileId });
      office.targets.set({ unassignedProfiles: [profileId] });
      await asks(url('/wifi'), '192.0.2.10', { subject, challenge });
    },
    search: 'C02XK1',
    says: /ScepProfileNoLongerTargetedToTheClient/,
    todo: /assignments of the SCEP profile/,
  },
];
