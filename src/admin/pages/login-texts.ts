/** Texts of login and logout. */

/** From the top. */
export const LOGIN_TEXTS = {
  title: 'Sign in',
  about: 'For the administrators of this SCEP server.',
  user: 'User name',
  password: 'Password',
  code: 'Code of your app',
  codeHint: 'Six digits. Leave it empty when a certificate is your second factor.',
  submit: 'Sign in',
  by: (provider: string): string => `Sign in with ${provider}`,
  signedOut: 'You are signed out.',
  stillSignedIn: 'Your session at the provider goes on, and the next sign-in here may not ask for your password.',
  outThere: 'Sign out at the provider too',
  refusals: {
    wrong: { status: 401, text: 'The user name, the password or the code is wrong.' },
    busy: { status: 429, text: 'Too many wrong attempts from your address. Try again in a minute.' },
    open: {
      status: 403,
      text: 'Nobody can sign in here: this page is reached over a network without TLS, where anybody could read the password. docs/access.md says what to configure.',
    },
  },
} as const;
