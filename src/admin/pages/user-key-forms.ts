/** What the forms on the pages of keys of people do. */
import { USER_KEY_CHANGES } from '../../actions/user-key-changes.ts';
import type { Fields } from './form-fields.ts';
import { link } from './html.ts';
import type { Answer, PageForm } from './page-row.ts';
import { USER_KEYS_PAGE } from './user-keys-page.ts';
import { USER_KEY_PAGE_TEXTS, USER_KEYS_TEXTS as TEXT } from './user-keys-texts.ts';

const [ISSUE, RENEW, , REVOKE] = USER_KEY_CHANGES;

/** The page of the key that is wanted now. */
const toKey = (output: unknown): Answer => ({ to: link('/admin/user-key', { id: ISSUE.output.parse(output).key.id }) });

const sameKey = ({ text }: Fields): string => link('/admin/user-key', { id: text('id') });

/** Asking for a key and for a successor, and the end of one. */
export const USER_KEY_FORMS: readonly PageForm[] = [
  {
    path: '/admin/user-keys/issue',
    action: ISSUE.name,
    back: USER_KEYS_PAGE.path,
    done: TEXT.issued,
    input: ({ text }) => ({ user: text('user'), purpose: text('purpose') || undefined }),
    answer: toKey,
  },
  {
    path: '/admin/user-key/renew',
    action: RENEW.name,
    back: USER_KEYS_PAGE.path,
    again: sameKey,
    done: TEXT.issued,
    input: ({ text }) => ({ id: text('id') }),
    answer: toKey,
  },
  {
    path: '/admin/user-key/revoke',
    action: REVOKE.name,
    back: USER_KEYS_PAGE.path,
    again: sameKey,
    done: USER_KEY_PAGE_TEXTS.revokedNow,
    input: ({ text }) => ({
      id: text('id'),
      reason: text('reason') || undefined,
      ...(text('why') && { why: text('why') }),
    }),
    answer: (_output, fields) => ({ to: sameKey(fields) }),
  },
];
