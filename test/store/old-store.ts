/**
 * Stores of earlier schemas with a row of every kind, written as those versions wrote them. The certificates are real:
 * two CAs named "CN=Old CA" with different keys, and "CN=Other CA", whose certificates have no key identifier.
 */
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';

/** The schemas before this one. */
export const OLD_VERSIONS = [1, 2, 3] as const;
export type OldVersion = (typeof OLD_VERSIONS)[number];

/** DER in base64. `damaged` is the beginning of one; the subjectAltName of `oddNames` is cut off. */
export const CERTIFICATES = {
  caA: 'MIIBQzCB6aADAgECAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBk9sZCBDQTAeFw0yNTAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMBExDzANBgNVBAMMBk9sZCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMw08VsOdaFZG0yYPNy8m/j+RtgvVQ5sR1DmNIGxcishbL1xkJA2rOW7FW79sd+wYTBJkBV20qDS4quZu6CSJbSjMjAwMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFEr4RK9At/+MqyzxGM0ajUDm4n4DMAoGCCqGSM49BAMCA0kAMEYCIQDOP+w3ls0VkhqoR2ymVpccgIZkY5b0MR2uUSB9yoKvfQIhAOS4luzsDyLwS9/CBruAom0AzAsjNR1k/Jqal6S1NUaL',
  caB: 'MIIBQzCB6aADAgECAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBk9sZCBDQTAeFw0yNTAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMBExDzANBgNVBAMMBk9sZCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGEXozhkyao0/k5OsUr+Rbwr4FVnbcYQh5EI5scVndXQXYwFLw+G1Rso6q+RhXzINXpqExwxllZYZ04AwrVA5zKjMjAwMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFJ58s6HjzNkHb1IPe4rzKFVuVLHYMAoGCCqGSM49BAMCA0kAMEYCIQCJD9r+8+XlJYnZ6KyRBjj5CVQx9ERaD8ek8h/iXodfpwIhAKa7iEPdidjZjbutvGPcJ9CKSzh+g4vh25uRR+fOpzro',
  caC: 'MIIBRjCB7aADAgECAgEBMAoGCCqGSM49BAMCMBMxETAPBgNVBAMMCE90aGVyIENBMB4XDTI1MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowEzERMA8GA1UEAwwIT3RoZXIgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASEMaqffnT6Ww8dk5lFJy5m67hLrP0W26CeGNNmlD9HgmA4BPx8xlilg7WR306RVfl2R74NTCnrPeWn0T3zM7RJozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBQE5rIGr7te5YIdNujql858AxUs7TAKBggqhkjOPQQDAgNIADBFAiAIZQDM35Q57rXBhkCRAoN//pwTOHgH6msD4A9e76n7TwIhAM2Y3W9222B0cEIprm18K6r8svJ0GP5R6+EuFjYk6U8C',
  laptop:
    'MIIBwDCCAWegAwIBAgICAKEwCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGT2xkIENBMB4XDTI1MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowMzEeMBwGCSqGSIb3DQEJARYPQWRhQEV4YW1wbGUuY29tMREwDwYDVQQDDAhMYXB0b3AtMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPr95MpEpeEnan3Y33PVR3WmdGaPH1WRbbDGT4kxiu7lTWJfVAlA2XRkOLABl2rUL9Q5pC1uLY3hOI2uKyuCbzGjgYwwgYkwHwYDVR0jBBgwFoAUSvhEr0C3/4yrLPEYzRqNQObifgMwZgYDVR0RBF8wXaAfBgorBgEEAYI3FAIDoBEMD0FkYUBFeGFtcGxlLmNvbYYeSW50dW5lRGV2aWNlSWQ6Ly83RDFGMEE1Mi0wMDAxghRsYXB0b3AtMS5leGFtcGxlLmNvbYcEwAACBzAKBggqhkjOPQQDAgNHADBEAiAO+U+w8Nw+eF+huKab/ihIbHDwiq0KVgidpJjXVzNE6wIgUiTpXDS2sZUMNQ1Jqp/pvpYcdm9la1yGe1GxCoR6gFg=',
  revoked:
    'MIIBNzCB3aADAgECAgIAojAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZPbGQgQ0EwHhcNMjUwMTAxMDAwMDAwWhcNMjcwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhMYXB0b3AtMjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNlHlauHIi6mjoDl6q74Cw592314ewmLOLWLGAWqcALAbkVwzwmLZVIOL6gEynY1hPDESGlFU+G6pRG4eWfOD1GjIzAhMB8GA1UdIwQYMBaAFEr4RK9At/+MqyzxGM0ajUDm4n4DMAoGCCqGSM49BAMCA0kAMEYCIQCAMlMbI+geDPGEB8JtOMlKm+YEwzzZ9E8426zLZs7ekwIhAIZLzLpPTWQH8XeZRVOEKl4c2ctYqys96wNlLp+rXZt0',
  waiting:
    'MIIBNzCB3aADAgECAgIAozAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZPbGQgQ0EwHhcNMjUwMTAxMDAwMDAwWhcNMjcwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhMYXB0b3AtMzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNeykbSUVWP4RIs2Phbd5Cyvvj1om61/vOJaTXSANpYEeB865gB4l5A0l581I3+a2VRcNbdXIJ5+04N+OK4oH7mjIzAhMB8GA1UdIwQYMBaAFEr4RK9At/+MqyzxGM0ajUDm4n4DMAoGCCqGSM49BAMCA0kAMEYCIQDEEzlQx8EmZKS10BtgDOqgODULtegfzLoqxp+T1vvj8gIhAMr7TaW8W/A2w9GHxH/uVF3dUV9PtPD+5g1cAjzFo6Qb',
  rolled:
    'MIIBdTCCARugAwIBAgICALEwCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGT2xkIENBMB4XDTI1MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowEzERMA8GA1UEAwwITGFwdG9wLTQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQBeUSvalhayB7WaxjK1qV/ezHRjr+2PU4dnTM5BNCoBQBFDeHg3Kjct648VBQLqnC+dBiPPs+64Oi8sMVG9PE0o2EwXzAfBgNVHSMEGDAWgBSefLOh48zZB29SD3uK8yhVblSx2DA8BgNVHREENTAzhhdFbnRyYURldmljZUlkOi8vRU5UUkEtNIYYaHR0cHM6Ly9leGFtcGxlLmNvbS9Gb3VyMAoGCCqGSM49BAMCA0gAMEUCIGPFnI3+9MkGss1MK7ugKfhGqgzgf1P7Y3JL6N2mBzYMAiEA69jP8DhBxUeAyawjwoZTncKiys+AUggqJEpQXK65s4s=',
  foreign:
    'MIIBEjCBuKADAgECAgIAwTAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhPdGhlciBDQTAeFw0yNTAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMBExDzANBgNVBAMMBlJvdXRlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOP4Pwk6TU3OeTGBGPYJafU9ytZ6dspL5a80yUoC+TmTGAfx8oL2W8+aTCG55UgC5FAXoKmgPtxrhuYqvtcJz7AwCgYIKoZIzj0EAwIDSQAwRgIhAKUqK2F1L/4aSl2RNEnUEaqZGy+XnnmVtbyFQlFTJeRnAiEAkaRpDU6vtaMuTXUkw1C6X79K3YaTsmyUvl7w6SpCgk4=',
  oddNames:
    'MIIBRDCB66ADAgECAgIApTAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZPbGQgQ0EwHhcNMjUwMTAxMDAwMDAwWhcNMjcwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhMYXB0b3AtNTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGYe08X6HE6H5XNe5xuxmtFNW6QNHOPyoxz9j3wsCZHxvMvPGS+O96jvV/7D8OKdBwV0Enf1nX9MLWEcrAmGPnSjMTAvMB8GA1UdIwQYMBaAFEr4RK9At/+MqyzxGM0ajUDm4n4DMAwGA1UdEQQFMAOCBWEwCgYIKoZIzj0EAwIDSAAwRQIhAK4XvWyEIjtEOPCXAwbLwYpwGbxOnnzpMBw+uZtT3HYrAiAMduYi70BWyqP9+TVQD4GhFsUKa+zZY8XV4/NXzzdIeQ==',
  damaged:
    'MIIBNzCB3aADAgECAgIAojAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZPbGQgQ0EwHhcNMjUwMTAxMDAwMDAwWhcNMjcwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhMYXB0b3AtMjBZMBMGByqGSM49AgEGCCqGSM49',
};
export type CertificateKey = keyof typeof CERTIFICATES;

export const derOf = (name: CertificateKey): Buffer => Buffer.from(CERTIFICATES[name], 'base64');

/** What polls know of the requests T1 to T8: computed without this program. */
export const POLLS = {
  T1: '43a4bd23a319f83cc6f1c5c9fc8ff1b2',
  T2: '2df5325e25f43f0851f1cee51565cd3f',
  T3: '5a83b9482513b7490736fe5cff63c769',
  T4: '3293aa44e306f9fec2802270b5504f03',
  T6: '647f1ac66c71cf01acf2334d921770fd',
  T7: '70752f8c55a930e37f94fd9b8f54e47f',
  T8: '27c97a26bb2972998e0ff24c9d9194ad',
} as const;
type Transaction = keyof typeof POLLS;

/** The key of a request today: what a poll knows, and the 64 digits that an old key had. */
export const keyOf = (transaction: Transaction): string => POLLS[transaction] + transaction.slice(1).repeat(64);

/** 1 January 2025, and one day. */
export const ISSUED = 1_735_689_600_000;
export const DAY = 86_400_000;

const CERTIFICATE_COLUMNS = `id, serial, endpoint, transaction_id, subject, subject_folded, issuer, thumbprint, der,
  not_before, not_after, state, issued_at, delivered_at, revoked_at, revocation_reason`;

type Old = [id: number, serial: string, transaction: string, subject: string, issuer: string, der: CertificateKey];
type Life = [state: string, delivered: number | null, revoked: number | null, reason: string | null];

const OLD_CERTIFICATES: readonly (readonly [Old, Life])[] = [
  [
    [1, 'a1', 'T1', 'E=Ada@Example.com,CN=Laptop-1', 'CN=Old CA', 'laptop'],
    ['delivered', ISSUED, null, null],
  ],
  [
    [2, 'a2', 'T2', 'CN=Laptop-2', 'CN=Old CA', 'revoked'],
    ['revoked', ISSUED, ISSUED + DAY, 'keyCompromise'],
  ],
  [
    [5, 'a3', 'T3', 'CN=Laptop-3', 'CN=Old CA', 'waiting'],
    ['issued', null, null, null],
  ],
  [
    [7, 'b1', 'T4', 'CN=Laptop-4', 'CN=Old CA', 'rolled'],
    ['delivered', ISSUED, null, null],
  ],
  [
    [8, 'c1', 'T5', 'CN=Router', 'CN=Other CA', 'foreign'],
    ['revoked', null, ISSUED + DAY, 'cessationOfOperation'],
  ],
  [
    [9, 'a4', 'T9', 'CN=Gone', 'CN=Old CA', 'damaged'],
    ['revoked', ISSUED, ISSUED + 2 * DAY, 'superseded'],
  ],
  [
    [12, 'a5', 'T-10', 'CN=Laptop-5', 'CN=Old CA', 'oddNames'],
    ['delivered', ISSUED, null, null],
  ],
];

const TRANSACTION_COLUMNS = `id, key, endpoint, transaction_id, signer, subject, state, reason, csr, created_at,
  updated_at, serial`;

const OLD_TRANSACTIONS: readonly [number, Transaction, string, string | null, Uint8Array | null, string | null][] = [
  [1, 'T1', 'issued', null, null, 'a1'],
  [2, 'T2', 'issued', null, null, 'a2'],
  [4, 'T3', 'issued', null, null, 'a3'],
  [5, 'T4', 'issued', null, null, 'b1'],
  [6, 'T6', 'pending', 'approval', Buffer.of(1, 2), null],
  [7, 'T7', 'approved', 'approval', Buffer.of(3), null],
  [9, 'T8', 'rejected', 'approval', null, null],
];

const SUCCESS = (transactionId: string, serial: string) =>
  JSON.stringify({
    kind: 'success',
    endpoint: '/scep',
    transactionId,
    csr: 'AQID',
    thumbprint: 'AB',
    serial,
    notAfter: ISSUED,
    issuer: 'CN=Old CA',
  });
/** `payload` of the notices, by id. */
export const PAYLOADS = {
  3: SUCCESS('T3', 'a3'),
  4: SUCCESS('T4', 'b1'),
  6: '{"kind":"failure","endpoint":"/scep","transactionId":"T5","csr":"AQID","hresult":-1,"description":"no"}',
  8: 'not JSON',
};

const OLD_AUDIT: readonly [number, string, string, string | null, string | null][] = [
  [1, 'issued', 'T1', 'a1', null],
  [2, 'delivered', 'T1', 'a1', null],
  [3, 'issued', 'T2', 'a2', null],
  [4, 'revoked', 'T2', 'a2', 'keyCompromise'],
  [5, 'never-delivered', 'T5', 'c1', null],
  [6, 'pending', 'T6', null, 'approval'],
  [7, 'approved', 'T7', null, null],
  [8, 'rejected', 'T8', null, null],
  [9, 'notified', 'T1', 'a1', null],
  [10, 'notification-abandoned', 'T5', null, 'gone'],
];

/** A database of this schema at `path`, with rows in every table it has. */
export async function oldStore(version: OldVersion, path = ':memory:') {
  const database = openDatabase(path);
  const engine = sqliteEngine(database, path);
  for (const migration of MIGRATIONS.slice(0, version)) await engine.alone((db) => migration(db, engine.dialect));
  database.exec(`CREATE TABLE "schema_version" ("id" integer primary key, "version" integer not null);
    insert into schema_version values (1, ${version});
    insert into consumed_challenges values ('${'c'.repeat(64)}', ${ISSUED});
    insert into write_check values (1, ${ISSUED})`);
  if (version >= 2)
    database.exec(`insert into challenges values ('${'d'.repeat(64)}', '/scep', ${ISSUED}, ${ISSUED + DAY})`);
  const insert = (table: string, columns: string, values: readonly (string | number | null | Uint8Array)[]) =>
    database.prepare(`insert into ${table} (${columns}) values (${values.map(() => '?').join()})`).run(...values);

  for (const [[id, serial, transaction, subject, issuer, der], life] of OLD_CERTIFICATES)
    insert('certificates', CERTIFICATE_COLUMNS, [
      id,
      serial,
      '/scep',
      transaction,
      subject,
      subject.toLowerCase(),
      issuer,
      `sha1 of ${serial}`,
      derOf(der),
      ISSUED,
      ISSUED + 730 * DAY,
      life[0],
      ISSUED,
      life[1],
      life[2],
      life[3],
    ]);
  for (const [id, transaction, state, reason, csr, serial] of OLD_TRANSACTIONS) {
    const key = version >= 3 ? keyOf(transaction) : transaction.slice(1).repeat(64);
    insert('transactions', TRANSACTION_COLUMNS, [
      id,
      key,
      '/scep',
      transaction,
      `signer-${transaction}`,
      `CN=${transaction}`,
      state,
      reason,
      csr,
      ISSUED,
      ISSUED + 1,
      serial,
    ]);
  }
  for (const [id, payload] of Object.entries(PAYLOADS))
    insert('notices', 'id, mode, payload, attempts, due_at', [
      Number(id),
      id === '3' ? 'strict' : 'outbox',
      payload,
      Number(id),
      ISSUED + Number(id),
    ]);
  for (const [id, event, transaction, serial, detail] of OLD_AUDIT)
    insert('audit', 'id, at, event, endpoint, transaction_id, serial, detail', [
      id,
      ISSUED + id,
      event,
      '/scep',
      transaction,
      serial,
      detail,
    ]);
  if (version >= 3)
    database.exec(`update audit set certificate_id = (select id from certificates c where c.serial = audit.serial)`);
  return { database, engine, migrate: () => migrate(engine, 'old.db') };
}
