/** The bytes of NDES's administrator page. Programs read the password out of them, so every sentence and tag is as NDES has it. */
import { createHash } from 'node:crypto';
import type { IssuedChallenge } from './challenge-issuer.ts';

/** What the page says. `caCertificate`: the issuing CA, DER. */
export type PageContent = { caCertificate: Uint8Array; challenge: IssuedChallenge | 'full' };

export type Charset = 'utf-16le' | 'utf-8';
export type Page = { contentType: string; body: Uint8Array };

/** The page with a password, or with the word that there are too many. */
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

/** The page for one who may not have a password. */
export const refusalPage = (): string =>
  html('<P> You do not have sufficient permission to enroll with SCEP. Please contact your system administrator. </P>');

/** The page when something failed; what, is in the log. */
export const failurePage = (): string =>
  html('<P> The password could not be made. Please try again, or look into the log of the server. </P>');

/**
 * NDES sends UTF-16, little endian, without naming it in Content-Type. The byte order mark is not decoration: Fleet takes
 * text without one for big endian.
 */
export const encodePage = (page: string, charset: Charset): Page =>
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

/** Seen: PSCertificateEnrollment takes the first 16 hexadecimal digits in a row, which must not be the thumbprint's. */
const thumbprint = (certificate: Uint8Array): string =>
  createHash('md5').update(certificate).digest('hex').toUpperCase().match(/.{8}/g)!.join(' ');

const MINUTE = 60_000;

const lifetime = ({ expires }: IssuedChallenge): string =>
  expires
    ? `This password can be used only once and will expire within ${Math.ceil(expires.validity / MINUTE)} minutes.`
    : 'This password can be used multiple times and will not expire.';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
