/** The devices and users of the tenant, changed by tests and listed by Graph. */
import type { RandomBytes } from '../../core/environment.ts';
import { FIELD, oneOf, readBody } from '../control-body.ts';
import { ControlError } from '../control-error.ts';
import {
  DEVICE_FIELDS,
  type DevicePlan,
  type DirectoryDevice,
  type DirectoryUser,
  newDevice,
  newUser,
  USER_FIELDS,
  type UserPlan,
} from './device-records.ts';
import { VersionedList } from './versioned-list.ts';

/** Devices to add: these, or so many with names that begin with `prefix`. */
export type DevicesRequest = { devices: readonly DevicePlan[] } | { count: number; prefix?: string };
/** Users to add: these, or so many with names that begin with `prefix`. */
export type UsersRequest = { users: readonly UserPlan[] } | { count: number; prefix?: string };

/** Whom an action is for: these ids, the first so many of the list, or all. A device may be named by its Entra id. */
export type ActionTargets = { ids?: readonly string[]; first?: number; all?: true };
/**
 * `wipe` and `retire` take the device out of Intune; with `pending` it is still listed, on its way. `delete` takes it out of
 * Entra too. `revoke` puts its certificates, as Intune was told of them, into the queue of revocation requests.
 */
export type DeviceActionRequest = ActionTargets & {
  action: 'wipe' | 'retire' | 'delete' | 'disable' | 'enable';
  pending?: true;
  revoke?: true;
};
/** What happens to users. Disabled ones keep their place in the list. */
export type UserActionRequest = ActionTargets & { action: 'delete' | 'disable' | 'enable' };

/** What a change of the directory means for other parts of the tenant. */
export type DirectoryEffects = {
  /** The devices, or users, are gone or disabled: challenges for them are refused. */
  deviceGone(device: DirectoryDevice): void;
  userGone(user: DirectoryUser): void;
  /** Certificates of the device are to be revoked. */
  revoke(device: DirectoryDevice): void;
};

/** The directory. Methods that take a request throw ControlError when it is not valid. */
export class Directory {
  /** What Intune manages. */
  readonly managed = new VersionedList<DirectoryDevice>();
  /** What Entra knows, by the object id. */
  readonly entraDevices = new VersionedList<DirectoryDevice>();
  readonly users = new VersionedList<DirectoryUser>();
  /** Delta tokens of an earlier generation are refused. */
  generation = 0;
  readonly #random: RandomBytes;
  readonly #effects: DirectoryEffects;

  constructor(random: RandomBytes, effects: DirectoryEffects) {
    this.#random = random;
    this.#effects = effects;
  }

  /** Adds devices to Intune and Entra. */
  addDevices(request: DevicesRequest): DirectoryDevice[] {
    const plans = plansOf<DevicePlan>(request, 'devices', (name) => ({ deviceName: name }));
    return plans.map((plan) => {
      const device = newDevice(readBody<DevicePlan>(plan, DEVICE_FIELDS), this.#random);
      this.managed.set(device.id, device);
      this.entraDevices.set(device.objectId, device);
      return device;
    });
  }

  addUsers(request: UsersRequest): DirectoryUser[] {
    const plans = plansOf<UserPlan>(request, 'users', (name) => ({ userPrincipalName: `${name}@contoso.example` }));
    return plans.map((plan) => {
      const user = newUser(readBody<UserPlan>(plan, USER_FIELDS), this.#random);
      this.users.set(user.id, user);
      return user;
    });
  }

  /** Does the action and returns the devices it was for. */
  deviceAction(request: DeviceActionRequest): DirectoryDevice[] {
    const fields = {
      ...TARGETS,
      action: oneOf(['wipe', 'retire', 'delete', 'disable', 'enable']),
      pending: YES,
      revoke: YES,
    };
    const { action, pending, revoke, ...targets } = readBody<DeviceActionRequest>(request, fields, ['action']);
    const known = new Map(
      [...this.entraDevices.objects(), ...this.managed.objects()].map((each) => [each.objectId, each]),
    );
    const devices = chosen([...known.values()], targets, ({ id, azureADDeviceId }) => [id, azureADDeviceId]);
    for (const device of devices) {
      DEVICE_ACTIONS[action](this, device, pending === true);
      if (revoke) this.#effects.revoke(device);
      if (GONE.has(action) && !pending) this.#effects.deviceGone(device);
    }
    return devices;
  }

  /** Does the action and returns the users it was for. */
  userAction(request: UserActionRequest): DirectoryUser[] {
    const fields = { ...TARGETS, action: oneOf(['delete', 'disable', 'enable']) };
    const { action, ...targets } = readBody<UserActionRequest>(request, fields, ['action']);
    const users = chosen(this.users.objects(), targets, ({ id, userPrincipalName }) => [id, userPrincipalName]);
    for (const user of users) {
      if (action === 'delete') this.users.remove(user.id, 'changed');
      else this.users.set(user.id, { ...user, accountEnabled: action === 'enable' });
      if (action !== 'enable') this.#effects.userGone(user);
    }
    return users;
  }

  /** Ends all delta tokens that were given. */
  resync(): void {
    this.generation++;
  }

  /** Forgets all devices and users, without a trace, and ends all delta tokens. */
  clear(): void {
    for (const list of [this.managed, this.entraDevices, this.users]) list.clear();
    this.resync();
  }
}

const YES = { accepts: (value: unknown) => value === true, description: 'true' };
const TARGETS = { ids: FIELD.texts, first: FIELD.count, all: YES };

/** After these the device gets no certificate any more. */
const GONE = new Set<DeviceActionRequest['action']>(['wipe', 'retire', 'delete']);

type DeviceAction = (directory: Directory, device: DirectoryDevice, pending: boolean) => void;

const leave =
  (managementState: string): DeviceAction =>
  ({ managed }, device, pending) => {
    if (pending) managed.set(device.id, { ...device, managementState });
    else managed.remove(device.id, 'deleted');
  };

const enable =
  (accountEnabled: boolean): DeviceAction =>
  ({ managed, entraDevices }, device) => {
    const changed = { ...device, accountEnabled };
    if (managed.get(device.id)) managed.set(device.id, changed);
    if (entraDevices.get(device.objectId)) entraDevices.set(device.objectId, changed);
  };

const DEVICE_ACTIONS: Readonly<Record<DeviceActionRequest['action'], DeviceAction>> = {
  wipe: leave('wipePending'),
  retire: leave('retirePending'),
  delete: ({ managed, entraDevices }, { id, objectId }) => {
    managed.remove(id, 'deleted');
    entraDevices.remove(objectId, 'deleted');
  },
  disable: enable(false),
  enable: enable(true),
};

function plansOf<P>(request: object, name: 'devices' | 'users', planned: (name: string) => P): readonly P[] {
  if (name in request) return readBody<Record<string, readonly P[]>>(request, { [name]: FIELD.objects })[name] ?? [];
  const fields = { count: FIELD.count, prefix: FIELD.text };
  const { count, prefix = name.slice(0, -1) } = readBody<{ count: number; prefix?: string }>(request, fields, [
    'count',
  ]);
  return Array.from({ length: count }, (_, index) => planned(`${prefix}-${index + 1}`));
}

function chosen<T>(list: readonly T[], { ids, first, all }: ActionTargets, idsOf: (item: T) => string[]): T[] {
  if ([ids, first, all].filter((each) => each !== undefined).length !== 1)
    throw new ControlError('Name whom the action is for with one of ids, first or all.');
  if (ids === undefined) return list.slice(0, first);
  const wanted = new Set(ids);
  const found = list.filter((item) => idsOf(item).some((id) => wanted.has(id)));
  const known = new Set(found.flatMap(idsOf));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw new ControlError(`ids: there is none with the id ${unknown.slice(0, 80)}`);
  return found;
}
