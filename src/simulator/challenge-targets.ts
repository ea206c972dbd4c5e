/** The devices, users and profiles that challenges are for: which of them Intune does not know any more. */
import { FIELD, readBody } from './control-body.ts';
import type { IntuneCode } from './intune-codes.ts';

/** Ids, as in a challenge. */
export type RemovedTargets = {
  removedDevices: readonly string[];
  removedUsers: readonly string[];
  unassignedProfiles: readonly string[];
};

/** The ids in a challenge. */
export type ChallengeIds = { deviceId: string; userId: string; profileId: string };

/** The removed targets. A challenge for one of them is refused. */
export class ChallengeTargets {
  #removed: RemovedTargets = { removedDevices: [], removedUsers: [], unassignedProfiles: [] };

  /** Replaces the named lists. Throws ControlError for a body that is not valid. */
  set(request: Partial<RemovedTargets>): RemovedTargets {
    const { texts } = FIELD;
    const fields = { removedDevices: texts, removedUsers: texts, unassignedProfiles: texts };
    return (this.#removed = { ...this.#removed, ...readBody<Partial<RemovedTargets>>(request, fields) });
  }

  /** Adds to the lists: the device or user is gone. */
  remove({ deviceIds = [], userIds = [] }: { deviceIds?: readonly string[]; userIds?: readonly string[] }): void {
    const { removedDevices, removedUsers } = this.#removed;
    this.#removed = {
      ...this.#removed,
      removedDevices: [...removedDevices, ...deviceIds],
      removedUsers: [...removedUsers, ...userIds],
    };
  }

  /** The lists. */
  view(): RemovedTargets {
    return this.#removed;
  }

  /** The code for a challenge that is for a removed target; undefined when Intune knows all of them. */
  problemOf({ deviceId, userId, profileId }: ChallengeIds): IntuneCode | undefined {
    if (this.#removed.removedDevices.includes(deviceId)) return 'BadDeviceIdInChallenge';
    if (this.#removed.removedUsers.includes(userId)) return 'BadUserIdInChallenge';
    return this.#removed.unassignedProfiles.includes(profileId) ? 'ScepProfileNoLongerTargetedToTheClient' : undefined;
  }
}
