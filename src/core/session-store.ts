/** Sessions of people who are logged in at the administrator's pages, and the codes of their second factors. */
import type { AuditEntry } from './records.ts';

/** One session. What the person may do is looked up at each request, so that a changed configuration holds at once. */
export type StoredSession = {
  /** SHA-256, hexadecimal, of what the cookie holds. */
  id: string;
  /** `local`: by a password of the configuration. `oidc`: by a provider. */
  method: 'local' | 'oidc';
  /** As the history names the person. */
  name: string;
  /**
   * Of `oidc`: the roles that the provider named. Of `local`: a hash of what proves the password, so that a new password ends the
   * sessions.
   */
  basis: readonly string[];
  startedAt: Date;
  /** When the last request came, to the minute. */
  seenAt: Date;
};

/** Sessions that began, or were seen last, before these moments have ended. */
export type EndedSessions = { started: Date; seen: Date };

/** What logins record. Each resolves after it is durable. */
export interface SessionStore {
  /** Records it with its line of history, and removes those that have ended. */
  addSession(session: StoredSession, audit: AuditEntry, ended: EndedSessions): Promise<void>;
  /** Also one that has ended and was not removed yet. */
  findSession(id: string): Promise<StoredSession | undefined>;
  /** A request came at this moment. */
  seeSession(id: string, at: Date): Promise<void>;
  /** Logs out. Returns false, and writes nothing, when there is no such session. */
  endSession(id: string, audit: AuditEntry): Promise<boolean>;
  /** Writes the line of history of a login that failed. */
  noteFailedLogin(audit: AuditEntry): Promise<void>;
  /** Uses up the code of this time step. Returns false, and writes nothing, when the user has used that step or a later one. */
  useLoginCode(user: string, step: number): Promise<boolean>;
}
