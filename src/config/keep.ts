/** `keep`: how long records stay after they have ended. */
import { DAY } from '../core/durations.ts';
import { defaulted, section } from './yaml/table.ts';
import { duration } from './yaml/value-types.ts';

const atLeastADay = {
  ...duration('730d'),
  schema: duration('730d').schema.refine((milliseconds) => milliseconds >= DAY, 'shorter than a day'),
};

/** The section. Two years, and for the history the seven of ETSI EN 319 411-1, both from the end of the certificate. */
export const keepSection = () =>
  section(
    'How long records stay in the store after their certificate has ended. The certificate itself stays for ever: serial number, subject, names, dates, state and renewals. `36500d`, a hundred years, keeps all.',
    '{ der: 730d, transactions: 730d, audit: 2557d }',
    {
      der: defaulted(
        atLeastADay,
        '730d',
        'The octets of a certificate, about half of what it takes; never shorter than `transactions`. `certs export` needs them.',
      ),
      transactions: defaulted(
        atLeastADay,
        '730d',
        'What became of each request, and of keys of people that failed or ended, but for what is in escrow; a rejected request stays for so long after its rejection, and an order at a CA elsewhere whose outcome is not known after it was sent. After that a copy of the old message is decided like a new request.',
      ),
      audit: defaulted(
        atLeastADay,
        '2557d',
        'The history; an entry without a certificate stays for so long after it was written.',
      ),
    },
  ).prefault({});
