/**
 * Pages like those of certsrv on a Windows in English, French and German, written by hand: the ids, links and numbers are those on which clients
 * of others rely, and the words are what such a page could say.
 */

/** The languages of the fake. */
export const LANGUAGES = ['en', 'fr', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

type Words = {
  title: string;
  issued: string;
  install: string;
  pending: string;
  requestId: (number: number) => string;
  denied: string;
  reason: (number: number, reason: string) => string;
  contact: string;
  error: string;
  disposition: string;
  never: string;
  unknown: string;
};

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    title: 'Microsoft Active Directory Certificate Services',
    issued: 'Certificate Issued',
    install: 'Download certificate',
    pending: 'Certificate Pending',
    requestId: (number) => `Your Request Id is ${number}.`,
    denied: 'Your certificate request was denied.',
    reason: (number, reason) => `Your Request Id is ${number}. The disposition message is "${reason}".`,
    contact: 'Contact your administrator for further information.',
    error: 'Error',
    disposition: 'Disposition:',
    never: '(never set)',
    unknown: '(unknown)',
  },
  fr: {
    title: 'Services de certificats Microsoft Active Directory',
    issued: 'Certificat émis',
    install: 'Télécharger le certificat',
    pending: 'Certificat en attente',
    requestId: (number) => `L’identificateur de votre requête est&#160;${number}.`,
    denied: 'Votre demande de certificat a été refusée.',
    reason: (number, reason) =>
      `L’identificateur de votre requête est ${number}. Le message de disposition est «&nbsp;${reason}&nbsp;».`,
    contact: 'Contactez votre administrateur pour plus d’informations.',
    error: 'Erreur',
    disposition: 'Disposition&nbsp;:',
    never: '(jamais définie)',
    unknown: '(inconnu)',
  },
  de: {
    title: 'Microsoft Active Directory-Zertifikatdienste',
    issued: 'Zertifikat wurde ausgestellt',
    install: 'Zertifikat herunterladen',
    pending: 'Zertifikat ausstehend',
    requestId: (number) => `Die Anforderungskennung lautet ${number}.`,
    denied: 'Die Zertifikatanforderung wurde abgelehnt.',
    reason: (number, reason) =>
      `Die Anforderungskennung lautet ${number}. Die Dispositionsmeldung lautet &quot;${reason}&quot;.`,
    contact: 'Wenden Sie sich an den Administrator, um weitere Informationen zu erhalten.',
    error: 'Fehler',
    disposition: 'Disposition:',
    never: '(nie festgelegt)',
    unknown: '(unbekannt)',
  },
};

const page = (language: Language, title: string, body: string): string => `<HTML>
<Head><Meta HTTP-Equiv="Content-Type" Content="text/html; charset=UTF-8"><Title>${WORDS[language].title}</Title></Head>
<Body BgColor=#FFFFFF><Font ID=locPageFont Face="Arial">
<Table Width=100%><TR><TD><LocID ID=locMSCertSrv><I>Microsoft</I> -- 2026 CA 4711</LocID></TD>
<TD ID=locHomeAlign><A Href="/certsrv"><LocID ID=locHomeLink>Home</LocID></A></TD></TR></Table>
<P ID=locPageTitle> <B> ${title} </B>
${body}
</Font></Body></HTML>
`;

/** After an order that was issued at once. */
export const issuedPage = (language: Language, number: number): string =>
  page(
    language,
    WORDS[language].issued,
    `<P ID=locInstructions></P>
<A Href="certnew.cer?ReqID=${number}&amp;Enc=bin" ID=locDownloadCert>${WORDS[language].install}</A>
<A Href="certnew.p7b?ReqID=${number}&amp;Enc=bin" ID=locDownloadChain>.p7b</A>
<Script Language="JavaScript">function get(enc) { location = "certnew.cer?ReqID=${number}&" + enc; }</Script>`,
  );

/** After an order that a person decides. */
export const pendingPage = (language: Language, number: number): string =>
  page(
    language,
    WORDS[language].pending,
    `<P ID=locInfoNewReq> 2 </P>\n<P ID=locInfoReqID>\n${WORDS[language].requestId(number)}\n</P>\n<P ID=locTimeoutWarning> 10 </P>`,
  );

/** After an order that the CA refuses. `reason`: in words of the CA, with its number. */
export const deniedPage = (language: Language, number: number, reason: string): string =>
  page(
    language,
    WORDS[language].denied,
    `<P ID=locDenied> ${WORDS[language].denied} </P>\n<P ID=locInfoReqIDandReason>\n${WORDS[language].reason(number, reason)}\n</P>\n<P ID=locContactAdmin> ${WORDS[language].contact} </P>`,
  );

/** Of an error, and of a request that has no certificate. `disposition`: undefined when the CA was not asked. `result`: its number and words. */
export const errorPage = (language: Language, disposition: number | undefined, result: string): string => {
  const { error, disposition: label, never, unknown } = WORDS[language];
  const state =
    disposition === undefined
      ? `<LocID ID=locDispNeverSet>${never}</LocID>`
      : `${disposition.toString(16).toUpperCase()} <LocID ID=locDispSpacer>-</LocID> \n\t\t<LocID ID=locDispUnknown>${unknown}</LocID>`;
  return page(
    language,
    error,
    `<DL><DT ID=locModeLabel><B>Mode</B></DT><DD>newreq <LocID ID=locModeSpacer>-</LocID></DD>
<DT ID=locDispLabel><Font Size=-1><B>${label}</B></Font></DT><DD>\n\t\t${state}\n\t</DD>
<DT ID=locResultLabel><B>Result</B></DT><DD>\n\t\t${result}\n\t</DD></DL>`,
  );
};
