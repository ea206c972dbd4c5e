/** Certificates: searched, exported, and read with all that is known of them. */
import { z } from 'zod';
import { csvHeading, csvLine, jsonLine } from '../manage/certificate-lines.ts';
import { action } from './action.ts';
import { FILTER, PAGE, queryOf, STATE } from './certificate-filter.ts';
import { certificateRow, rowOf, stateCounts } from './certificate-view.ts';
import { certificateDetails, detailsOf } from './certificate-details.ts';
import { searched } from './search-answer.ts';
import { seenCertificate } from './seen-certificates.ts';

/** A certificate by its name in a path. `issuer`: its issuer id, of which the beginning is enough. */
export const NAMED = {
  issuer: z.string().regex(/^[0-9a-z:]{1,80}$/),
  serial: z.string().regex(/^[0-9a-fA-F:]{1,80}$/),
};

const FORMS = {
  csv: { line: csvLine, heading: csvHeading },
  json: { line: jsonLine, heading: () => '' },
} as const;

/** Actions that read certificates. */
export const CERTIFICATE_ACTIONS = [
  action({
    name: 'certificates.list',
    about:
      'Certificates that a search finds, page by page, with counts by state on the first page. A page can have fewer rows than `limit`, and still a next one.',
    permission: 'view',
    route: 'GET /certificates',
    input: z.object({ ...FILTER, state: STATE, ...PAGE }),
    output: z.object({
      certificates: z.array(certificateRow),
      next: z.string().optional(),
      counts: stateCounts.optional(),
    }),
    run: async (running) => {
      const { limit, cursor } = running.input;
      const query = await queryOf(running);
      const { store } = running.desk;
      const page = await searched(store.searchCertificates(query, { limit, ...(cursor !== undefined && { cursor }) }));
      return {
        certificates: page.certificates.map((each) => rowOf(each, query.now)),
        ...(page.next !== undefined && { next: page.next }),
        ...(cursor === undefined && { counts: await store.countByState(query) }),
      };
    },
  }),
  action({
    name: 'certificates.export',
    about:
      'The lines of a file with the certificates that a search finds, page by page: CSV, or JSON lines with the DER.',
    permission: 'view',
    route: 'GET /certificates/export',
    input: z.object({ ...FILTER, state: STATE, ...PAGE, form: z.enum(['csv', 'json']) }),
    output: z.object({ text: z.string(), next: z.string().optional() }),
    run: async (running) => {
      const { limit, cursor, form } = running.input;
      const { line, heading } = FORMS[form];
      const query = await queryOf(running);
      const page = await searched(
        running.desk.store.searchCertificates(query, { limit, ...(cursor !== undefined && { cursor }) }),
      );
      const lines = page.certificates.map((each) => line(each, query.now));
      return {
        text: [...(cursor === undefined ? [heading()] : []), ...lines].join(''),
        ...(page.next !== undefined && { next: page.next }),
      };
    },
  }),
  action({
    name: 'certificates.read',
    about:
      'One certificate: what is in it, its chain, its history, its renewals, and whether it is revoked as verifiers are told now.',
    permission: 'view',
    route: 'GET /certificates/{issuer}/{serial}',
    input: z.object(NAMED),
    output: certificateDetails,
    run: async (running) => detailsOf(running, await seenCertificate(running, running.input)),
  }),
] as const;
