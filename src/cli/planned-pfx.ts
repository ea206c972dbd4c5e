/** What a key of a person would be, for people and as JSON. */
import type { LoadedPfxPlan } from '../app/pfx-plan.ts';
import { DerReader } from '../asn1/reader.ts';
import type { UserNames } from '../pfx/user-request.ts';
import { longestPassword } from '../pfx/connector-envelope.ts';
import { altNameType } from '../ca/names.ts';
import { readGeneralName } from '../pkix/general-name.ts';
import { nameText } from '../pkix/name.ts';

/** By their names in the output; lists for what can be several. */
export type PlannedPfx = Readonly<Record<string, string | readonly string[]>>;

/** The plan for a user with these names. */
export function plannedPfx(plan: LoadedPfxPlan, { subject, altNames }: UserNames): PlannedPfx {
  return {
    subject: nameText(subject),
    names: altNames.map((der) => {
      const name = readGeneralName(DerReader.over(der));
      return `${altNameType(name)}:${name.text}`;
    }),
    key: plan.key,
    profile: plan.profile,
    ...forIntune(plan),
    ...inEscrow(plan),
  };
}

function forIntune({ connector, connectorNames }: LoadedPfxPlan): PlannedPfx {
  if (!connector || !connectorNames) return {};
  const { key, scheme } = connector;
  return {
    connector: [`SHA-256 ${key.sha256}`, connectorNames.keyName, connectorNames.provider],
    padding: [scheme, `passwords of at most ${longestPassword(key, scheme)} characters`],
  };
}

function inEscrow({ escrow }: LoadedPfxPlan): PlannedPfx {
  if (!escrow) return {};
  return {
    required: `${escrow.required} of ${escrow.officers.length}`,
    officers: escrow.officers.map(({ name, sha256 }) => `${name} (SHA-256 ${sha256})`),
  };
}
