/** How OpenBao or Vault is asked for certificates. */

/** How this server logs in: with a token as it is, as an AppRole, or by the client certificate of the connection. Secrets are as they were read. */
export type OpenBaoLogin =
  | { kind: 'token'; token: string }
  | { kind: 'appRole'; mount: string; roleId: string; secretId: string }
  | { kind: 'certificate'; mount: string; name?: string | undefined };

/** `mount` and `role`: of the PKI secrets engine, without slashes at their ends. */
export type OpenBaoSettings = {
  mount: string;
  role: string;
  namespace?: string | undefined;
  /** What the role appends to each subject, RFC 4514, such as `OU=Fleet,O=Contoso`. */
  appends?: string | undefined;
  login: OpenBaoLogin;
};
