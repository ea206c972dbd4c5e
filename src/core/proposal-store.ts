/** Actions that wait for a second person (`admin.twoPersons`). */
import type { RoleGrant } from './access.ts';
import type { AuditActor, AuditEntry, AuditSource } from './records.ts';

/** An action as it was asked for. */
export type StoredProposal = {
  /** Short, for people to type. */
  id: string;
  /** The name of the action. */
  action: string;
  /** JSON. */
  input: unknown;
  /** Who asked, and through what. */
  by: AuditActor;
  source: AuditSource;
  /** What they were granted then. */
  grants: readonly RoleGrant[];
  at: Date;
  /** It can be confirmed until then. */
  until: Date;
};

/** Proposals. One is taken once, by the person who confirms or by a withdrawal. */
export interface ProposalStore {
  /** Records it with its line of history, and removes those that have expired. */
  addProposal(proposal: StoredProposal, audit: AuditEntry): Promise<void>;
  /** Oldest first; none that has expired at this moment. */
  listProposals(at: Date): Promise<StoredProposal[]>;
  /** Undefined for one that was taken. It may have expired. */
  findProposal(id: string): Promise<StoredProposal | undefined>;
  /** Removes it, with its line of history. Returns false, and writes nothing, when somebody else has taken it. */
  takeProposal(id: string, audit: AuditEntry): Promise<boolean>;
}
