/** The devices and users of the tenant, and what a control request says of them. */
import type { RandomBytes } from '../../core/environment.ts';
import { FIELD } from '../control-body.ts';
import { guid } from '../guid.ts';

/** A device, as Intune and Entra know it. */
export type DirectoryDevice = {
  /** In Intune. */
  id: string;
  /** In Entra, as devices name themselves. */
  azureADDeviceId: string;
  /** In Graph's /devices. */
  objectId: string;
  deviceName: string;
  userId: string;
  userPrincipalName: string;
  serialNumber: string;
  operatingSystem: string;
  /** As in Graph: `managed`, `wipePending`, `retirePending`. */
  managementState: string;
  accountEnabled: boolean;
};

/** A user. */
export type DirectoryUser = {
  id: string;
  userPrincipalName: string;
  displayName: string;
  accountEnabled: boolean;
  /** Of Intune; without it nothing can be imported for the user. Yes when absent. */
  isLicensed?: boolean;
} & { [name in (typeof USER_TEXTS)[number]]?: string };

/** What a user may have besides. */
const USER_TEXTS = [
  'mail',
  'givenName',
  'surname',
  'department',
  'onPremisesDistinguishedName',
  'onPremisesSamAccountName',
  'onPremisesDomainName',
  'onPremisesSecurityIdentifier',
] as const;

/** A device to add; what is absent is made up. */
export type DevicePlan = Partial<Omit<DirectoryDevice, 'objectId' | 'managementState'>>;
/** A user to add; what is absent is made up. */
export type UserPlan = Partial<DirectoryUser>;

const { text, yes } = FIELD;
const USER_NAME = { accepts: (value: unknown) => typeof value === 'string', description: 'text, empty without a user' };

/** The members of a device in a control request. */
export const DEVICE_FIELDS = {
  id: text,
  azureADDeviceId: text,
  deviceName: text,
  userId: USER_NAME,
  userPrincipalName: USER_NAME,
  serialNumber: text,
  operatingSystem: text,
  accountEnabled: yes,
};
/** The members of a user in a control request. */
export const USER_FIELDS = {
  id: text,
  userPrincipalName: text,
  displayName: text,
  accountEnabled: yes,
  isLicensed: yes,
  mail: text,
  givenName: text,
  surname: text,
  department: text,
  onPremisesDistinguishedName: text,
  onPremisesSamAccountName: text,
  onPremisesDomainName: text,
  onPremisesSecurityIdentifier: text,
};

/** A complete device. */
export const newDevice = (plan: DevicePlan, random: RandomBytes): DirectoryDevice => ({
  id: guid(random),
  azureADDeviceId: guid(random),
  objectId: guid(random),
  deviceName: 'device',
  userId: '',
  userPrincipalName: '',
  serialNumber: Buffer.from(random(5)).toString('hex').toUpperCase(),
  operatingSystem: 'Windows',
  managementState: 'managed',
  accountEnabled: true,
  ...plan,
});

/** A complete user. */
export function newUser(plan: UserPlan, random: RandomBytes): DirectoryUser {
  const id = plan.id ?? guid(random);
  const userPrincipalName = plan.userPrincipalName ?? `user-${id.slice(0, 8)}@contoso.example`;
  const [displayName = ''] = userPrincipalName.split('@');
  return { displayName, accountEnabled: true, ...plan, id, userPrincipalName };
}
