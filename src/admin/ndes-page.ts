/** The octets of NDES's administrator page. Programs parse the password out of it, so all text and tags are those of NDES. */
import { createHash, getFips } from 'node:crypto';
import { MINUTE } from '../core/durations.ts';
import type { IssuedChallenge } from '../manage/one-time-passwords.ts';

/** What the page shows. `caCertificate`: the issuing CA, DER. */
export type PageContent = { caCertificate: Uint8Array; challenge: IssuedChallenge | 'full' };

/** How the page is encoded. */
export type Charset = 'utf-16le' | 'utf-8';
/** A page ready to send. */
export type EncodedPage = { contentType: string; body: Uint8Array };

/** The page with a password, or with the sentence that the password cache is full. HTML. */
export const passwordPage = ({ caCertificate, challenge }: PageContent): string =>
  html(
    challenge === 'full'
      ? '<P> The password cache is full. <P> Wait until one of the passwords is used or has expired, or ask your administrator to raise `max`. </P>'
      : [
          '<P> To complete certificate enrollment for your network device you will need the following information: ',
          `<P> The thumbprint (hash value) for the CA certificate is: <B> ${thumbprint(caCertificate)} </B> `,
          `<P> The enrollment challenge password is: <B> ${escaped(challenge.password)} </B> `,
          `<P> ${lifetime(challenge)} </P>`,
        ].join(''),
  );

/** The page for a requester without permission. HTML. */
export const refusalPage = (): string =>
  html('<P> You do not have sufficient permission to enroll with SCEP. Please contact your system administrator. </P>');

/**
 * The form for a password that is bound to a subject and names; it shows none, and says why the last one was refused. The
 * fields are `subject` and `san`, one name on a line. HTML.
 */
export const bindingPage = (refused?: string): string =>
  html(
    [
      refused === undefined ? '' : `<P> No password was made: ${escaped(refused)}. </P>`,
      '<P> The password will be valid for this subject and these names only. ',
      '<FORM METHOD=post ACTION="./"><P> Subject, such as CN=router-7 <BR><INPUT NAME=subject SIZE=60> ',
      '<P> Names, one on a line, such as dns:router-7.example.com <BR><TEXTAREA NAME=san COLS=60 ROWS=4></TEXTAREA> ',
      '<P><INPUT TYPE=submit VALUE="Make a password"></FORM>',
    ].join(''),
  );

/** The page for a browser that a page of another site sent here. HTML. */
export const crossSitePage = (): string =>
  html(
    '<P> Another site sent your browser here, so no password was made. <P> <A HREF="./">Make a password now</A>, or open this page by its address. </P>',
  );

/** The page when something failed; the log has the cause. HTML. */
export const failurePage = (): string =>
  html('<P> The password could not be made. Please try again, or look into the log of the server. </P>');

/**
 * NDES sends UTF-16, little endian, and Content-Type does not name it. The byte order mark is needed: Fleet reads text
 * without one as big endian.
 */
export const encodePage = (page: string, charset: Charset): EncodedPage =>
  charset === 'utf-8'
    ? { contentType: 'text/html; charset=utf-8', body: Buffer.from(page, 'utf8') }
    : { contentType: 'text/html', body: Buffer.from(`\uFEFF${page}`, 'utf16le') };

const html = (content: string): string =>
  [
    '<HTML><Head><Title>Network Device Enrollment Service</Title></Head>',
    '<Body BgColor=#FFFFFF><Font ID=locPageFont Face="Arial">',
    '<Table Border=0 CellSpacing=0 CellPadding=4 Width=100% BgColor=#008080><TR><TD>',
    '<Font ID=locPageTitleFont Face="Arial" Size=-1 Color=#FFFFFF>Network Device Enrollment Service</Font>',
    '</TD></TR></Table>',
    '<P ID=locPageTitle> Certificates for routers and other devices by the Simple Certificate Enrollment Protocol (SCEP). ',
    content,
    '</Font></Body></HTML>',
  ].join('');

/** MD5, as NDES shows it; FIPS mode has none. In groups of eight: PSCertificateEnrollment takes the first 16 hexadecimal digits in a row as the password. */
const thumbprint = (certificate: Uint8Array): string =>
  createHash(getFips() === 1 ? 'sha256' : 'md5')
    .update(certificate)
    .digest('hex')
    .toUpperCase()
    .replace(/.{8}(?!$)/g, '$& ');

const lifetime = ({ expires }: IssuedChallenge): string =>
  expires
    ? `This password can be used only once and will expire within ${Math.ceil(expires.validity / MINUTE)} minutes.`
    : 'This password can be used multiple times and will not expire.';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
