/** The faults that are set. */
import { ControlError } from './control-error.ts';
import { type FaultEffect, FAULTS, type FaultRow, type FaultValue, isWhole, onlyMembers } from './fault-table.ts';
import type { Outages } from './outages.ts';
import { DIRECTORY_HOPS, HOPS, type ServiceHop } from './service-call.ts';

/** Where a fault applies: one hop, `directory` for the three lists of Graph, or `*` for all. */
export type FaultTarget = ServiceHop | keyof typeof GROUPS;
/** A fault to set. With `count` it applies to so many calls, without it until it is cleared. */
export type FaultRequest = { hop: FaultTarget; fault: FaultValue; count?: number };

/** Several hops under one name. */
const GROUPS = { directory: DIRECTORY_HOPS, '*': HOPS } as const satisfies Readonly<
  Record<string, readonly ServiceHop[]>
>;
const TARGETS: readonly string[] = [...HOPS, ...Object.keys(GROUPS)];

const hopsOf = (target: FaultTarget): readonly ServiceHop[] =>
  target in GROUPS ? GROUPS[target as keyof typeof GROUPS] : [target as ServiceHop];

type SetFault = { effect: FaultEffect; fault: FaultValue; left: number };

/** The faults that are set, by target. Of several on one target the oldest applies first; a hop before its groups. */
export class Faults {
  readonly #faults = new Map<FaultTarget, SetFault[]>();
  readonly #outages: Outages;

  constructor(outages: Outages) {
    this.#outages = outages;
  }

  /** Sets a fault. Throws ControlError, whose message lists what the hop accepts. */
  set(request: unknown): void {
    const { hop, fault, count } = readRequest(request);
    const effect = acceptedRows(hop).reduce<FaultEffect | undefined>(
      (found, row) => found ?? row.read(fault),
      undefined,
    );
    if (!effect)
      throw new ControlError(`fault: ${JSON.stringify(fault).slice(0, 80)} is not one for ${hop}. ${accepted(hop)}`);
    // A fault without count would hide all later ones, so the new fault replaces it.
    const earlier = (this.#faults.get(hop) ?? []).filter(({ left }) => Number.isFinite(left));
    this.#faults.set(hop, [...earlier, { effect, fault, left: count ?? Infinity }]);
    if ('outage' in effect && hop === '*') this.#beginOutage(effect.outage);
  }

  /** The fault for this call, or undefined. Uses up one of its calls, and begins its outage. */
  next(hop: ServiceHop): FaultEffect | undefined {
    const targets = [
      hop,
      ...(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).filter((group) =>
        (GROUPS[group] as readonly ServiceHop[]).includes(hop),
      ),
    ];
    const faults = targets.map((target) => this.#faults.get(target) ?? []).find((set) => set.length > 0) ?? [];
    const [first] = faults;
    if (first && --first.left <= 0) faults.shift();
    if (first && 'outage' in first.effect) {
      const port = hop === 'managedIdentity' ? 'machine' : 'services';
      this.#outages.begin(port, first.effect.outage, first.effect.seconds);
    }
    return first?.effect;
  }

  /** The faults that are set, as in their requests, with the calls that are left. */
  list(): readonly FaultRequest[] {
    return [...this.#faults].flatMap(([hop, faults]) =>
      faults.map(({ fault, left }) => ({ hop, fault, ...(Number.isFinite(left) ? { count: left } : {}) })),
    );
  }

  /** Removes all faults and ends all outages. Resolves when the ports answer again. */
  clear(): Promise<void> {
    this.#faults.clear();
    return this.#outages.clear();
  }

  #beginOutage(kind: 'refused' | 'untrusted'): void {
    this.#outages.begin('services', kind);
    if (kind === 'refused') this.#outages.begin('machine', kind);
  }
}

/** A fault of a group is one that all its hops accept; TLS faults on all hops mean those over TLS. */
const acceptedRows = (target: FaultTarget): readonly FaultRow[] => {
  const hops = target === '*' ? hopsOf(target).filter((hop) => hop !== 'managedIdentity') : hopsOf(target);
  return FAULTS.filter((row) => hops.every((hop) => row.hops.includes(hop)));
};

const accepted = (hop: FaultTarget): string =>
  `Accepted: ${acceptedRows(hop)
    .map(({ form, description }) => `${form} (${description})`)
    .join('; ')}.`;

function readRequest(request: unknown): FaultRequest {
  const fields = onlyMembers(request, ['hop', 'fault', 'count']);
  if (!fields) throw new ControlError('Send {"hop": …, "fault": …, "count": …}; count is optional.');
  const hop = TARGETS.find((known) => known === fields['hop']) as FaultTarget | undefined;
  if (!hop) throw new ControlError(`hop: must be one of ${TARGETS.join(', ')}.`);
  if (fields['fault'] === undefined) throw new ControlError(`fault: is missing. ${accepted(hop)}`);
  const count = fields['count'];
  if (count !== undefined && !isWhole(count, 1, 1e6)) throw new ControlError('count: must be a whole number from 1.');
  return { hop, fault: fields['fault'] as FaultValue, ...(count === undefined ? {} : { count }) };
}
