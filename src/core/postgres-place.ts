/** Where a PostgreSQL database is. */

/** One database. There is no password in it. */
export type PostgresPlace = {
  /** Tried in this order, until one takes writes. A host that begins with `/` is the folder of a Unix socket. */
  hosts: readonly { host: string; port: number }[];
  database: string;
  user: string;
  /** Absent: without TLS. `rootCertificate`: the path of a PEM file; the roots of Node.js when absent. */
  tls?: { rootCertificate?: string };
};

/** For errors and the log. */
export const placeText = ({ hosts, database, user }: PostgresPlace): string =>
  `postgres://${user}@${hosts.map(({ host, port }) => `${host}:${port}`).join()}/${database}`;
