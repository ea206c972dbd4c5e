/** Texts of the page "One-time passwords". */

/** From the top. */
export const PASSWORDS_TEXTS = {
  title: 'One-time passwords',
  about: 'A password lets one device ask for one certificate. It is shown once; the server keeps only a hash of it.',
  none: 'No endpoint has one-time passwords that you may issue. They are the policy oneTime of an endpoint.',
  formTitle: 'A new password',
  endpoint: 'Endpoint',
  subject: 'Bound to this subject (optional)',
  subjectHint: 'Such as CN=router-7. Without a subject the device chooses its names, within the profile.',
  san: 'Names of the device, one in each line (optional)',
  sanHint: 'Such as dns:router-7.example.com. Only with a subject.',
  issue: 'Issue a password',
  issuedTitle: 'The new password',
  once: 'Copy it now: it is not shown again.',
  password: 'Password',
  validUntil: 'Valid until',
  forever: 'It does not expire, and is the same for all devices.',
  id: 'Name of the password in the history',
  boundTo: 'Bound to',
  another: 'Issue another one',
  done: 'A password was issued.',
} as const;
