/** Rows with secrets, sealed for another database, or opened to compare them. */
import { decodeIssuance, encodeIssuance } from './issuance-codec.ts';
import { decodeNotification, encodeNotification } from './notification-codec.ts';
import { changes } from './sealed-store.ts';
import type { Sealer } from './sealer.ts';
import type { Row } from './table-rows.ts';
import type { NotificationTable, TransactionTable } from './tables.ts';

/** Throws Error when the secret cannot be read. */
export type RowChange = (row: Row) => Row;

/** What can hold a challenge is sealed; a row that is open already stays as it is when it is opened. */
export function sealedNotifications(sealer: Sealer): { seal: RowChange; open: RowChange } {
  const { seal, open } = changes(sealer).notifications;
  const changed =
    (change: typeof seal): RowChange =>
    (row) => {
      const { payload } = row as Pick<NotificationTable, 'payload'>;
      return { ...row, payload: encodeNotification(change(decodeNotification(payload))) };
    };
  return { seal: changed(seal), open: changed(open) };
}

/** As `sealedNotifications`. */
export function sealedTransactions(sealer: Sealer): { seal: RowChange; open: RowChange } {
  const { seal, open } = changes(sealer).requests;
  const changed =
    (change: typeof seal): RowChange =>
    (row) => {
      const { key, csr, issuance } = row as Pick<TransactionTable, 'key' | 'csr' | 'issuance'>;
      if (csr === null && issuance === null) return row;
      const given = { key, ...(csr && { csr }), ...(issuance !== null && { issuance: decodeIssuance(issuance) }) };
      const made = change(given);
      return {
        ...row,
        csr: made.csr ?? csr,
        issuance: made.issuance ? encodeIssuance(made.issuance) : issuance,
      };
    };
  return { seal: changed(seal), open: changed(open) };
}
