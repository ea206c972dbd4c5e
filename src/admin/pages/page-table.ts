/** Every page and every form, in the order of the navigation. */
import { AUDIT_PAGE } from './audit-page.ts';
import { AUTHORITIES_PAGE } from './authorities-page.ts';
import { BLOCK_FORMS, BLOCKS_PAGE } from './blocks-page.ts';
import { CERTIFICATE_FORMS } from './certificate-forms.ts';
import { CERTIFICATE_PAGE } from './certificate-page.ts';
import { CERTIFICATES_PAGE } from './certificates-page.ts';
import { DEVICES_PAGE } from './devices-page.ts';
import { ENDPOINT_FORMS, ENDPOINTS_PAGE } from './endpoints-page.ts';
import { MESSAGE_FORMS, MESSAGES_PAGE } from './messages-page.ts';
import { ORDER_FORMS } from './orders-part.ts';
import { OVERVIEW_PAGE } from './overview-page.ts';
import { PASSWORD_FORMS, PASSWORDS_PAGE } from './passwords-page.ts';
import type { Page, PageForm } from './page-row.ts';
import { PROPOSAL_FORMS, PROPOSALS_PAGE } from './proposals-page.ts';
import { REVOCATION_FORMS, REVOCATIONS_PAGE } from './revocations-page.ts';
import { TENANTS_PAGE } from './tenants-page.ts';
import { USER_KEY_FORMS } from './user-key-forms.ts';
import { USER_KEY_PAGE } from './user-key-page.ts';
import { USER_KEYS_PAGE } from './user-keys-page.ts';
import { WAITING_FORMS, WAITING_PAGE } from './waiting-page.ts';

/** The pages. */
export const PAGES: readonly Page[] = [
  OVERVIEW_PAGE,
  DEVICES_PAGE,
  CERTIFICATES_PAGE,
  CERTIFICATE_PAGE,
  REVOCATIONS_PAGE,
  WAITING_PAGE,
  PROPOSALS_PAGE,
  PASSWORDS_PAGE,
  BLOCKS_PAGE,
  USER_KEYS_PAGE,
  USER_KEY_PAGE,
  AUTHORITIES_PAGE,
  TENANTS_PAGE,
  ENDPOINTS_PAGE,
  AUDIT_PAGE,
  MESSAGES_PAGE,
];

/** The forms. */
export const FORMS: readonly PageForm[] = [
  ...CERTIFICATE_FORMS,
  ...REVOCATION_FORMS,
  ...WAITING_FORMS,
  ...PROPOSAL_FORMS,
  ...PASSWORD_FORMS,
  ...BLOCK_FORMS,
  ...ORDER_FORMS,
  ...USER_KEY_FORMS,
  ...MESSAGE_FORMS,
  ...ENDPOINT_FORMS,
];
