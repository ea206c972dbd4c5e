/** Distinguished names: every variable that Intune documents for a subject, and what becomes of long, escaped and empty ones. */
import { NAMES, type ProfileRow, USUAL_EXTENSIONS } from './row.ts';

const ascii = (text: string): string => Buffer.from(text).toString('hex');
const LONG = `${'long-'.repeat(39)}12345`;
const UNITS = Array.from(
  { length: 120 },
  (_, i) => `organisational unit number ${String(i).padStart(3, '0')} of a deep tree`,
);
const DEEP = ['CN=deep', ...UNITS.toReversed().map((unit) => `OU=${unit}`)].join(',');

const OF_120_OUS: ProfileRow = {
  title: 'a distinguished name of 120 OUs, more than 6,000 octets',
  profile: { subject: DEEP },
  request: {
    subject: `30821a4f${UNITS.map((unit) => `31363034060355040b0c2d${ascii(unit)}`).join('')}310d300b06035504030c0464656570`,
  },
  certificate: {
    openssl: { subject: DEEP },
    pyca: { subject: [...UNITS.map((unit) => `organizationalUnitName=${unit}`), 'commonName=deep'] },
  },
};

export const SUBJECTS: readonly ProfileRow[] = [
  {
    title: 'CN={{UserName}},E={{EmailAddress}}: the mail address is an IA5String',
    profile: { subject: 'E=ada@contoso.com,CN=ada' },
    request: {
      subject: '302e310c300a06035504030c03616461311e301c06092a864886f70d010901160f61646140636f6e746f736f2e636f6d',
    },
    certificate: {
      openssl: { subject: 'emailAddress=ada@contoso.com,CN=ada' },
      pyca: { subject: ['commonName=ada', 'emailAddress=ada@contoso.com'] },
    },
  },
  {
    title: 'CN={{UserPrincipalName}}',
    profile: { subject: 'CN=ada@contoso.com' },
    request: { subject: '301a3118301606035504030c0f61646140636f6e746f736f2e636f6d' },
    certificate: { openssl: { subject: 'CN=ada@contoso.com' }, pyca: { subject: ['commonName=ada@contoso.com'] } },
  },
  {
    title: 'several CN, each an RDN: {{UserName}}, {{AAD_Device_ID}}, {{SERIALNUMBER}}',
    profile: { subject: 'CN=5CG1234XYZ,CN=8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001,CN=ada' },
    request: {
      subject:
        '3052310c300a06035504030c03616461312d302b06035504030c2438643562306239652d326630632d346635372d396632622d3062316633616233633030313113301106035504030c0a3543473132333458595a',
    },
    certificate: {
      openssl: { subject: 'CN=5CG1234XYZ,CN=8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001,CN=ada' },
      pyca: { subject: ['commonName=ada', 'commonName=8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001', 'commonName=5CG1234XYZ'] },
    },
  },
  {
    title: 'two CN in one RDN',
    profile: { subject: 'CN=ada+CN=laptop' },
    request: { subject: '301d311b300a06035504030c03616461300d06035504030c066c6170746f70' },
    certificate: {
      openssl: { subject: 'CN=laptop+CN=ada' },
      pyca: { subject: ['commonName=ada + commonName=laptop'] },
    },
  },
  {
    title: 'CN and serialNumber in one RDN',
    profile: { subject: 'CN=ada+serialNumber=5CG1234XYZ' },
    request: { subject: '3021311f300a06035504030c0361646130110603550405130a3543473132333458595a' },
    certificate: {
      openssl: { subject: 'serialNumber=5CG1234XYZ+CN=ada' },
      pyca: { subject: ['commonName=ada + serialNumber=5CG1234XYZ'] },
    },
  },
  {
    title: 'G={{GivenName}},SN={{SurName}}, as S/MIME certificates need them',
    profile: { subject: 'E=ada@contoso.com,SN=Lovelace,G=Ada,CN=Ada Lovelace' },
    request: {
      subject:
        '30583115301306035504030c0c416461204c6f76656c616365310c300a060355042a0c034164613111300f06035504040c084c6f76656c616365311e301c06092a864886f70d010901160f61646140636f6e746f736f2e636f6d',
    },
    certificate: {
      openssl: { subject: 'emailAddress=ada@contoso.com,SN=Lovelace,GN=Ada,CN=Ada Lovelace' },
      pyca: {
        subject: ['commonName=Ada Lovelace', 'givenName=Ada', 'surname=Lovelace', 'emailAddress=ada@contoso.com'],
      },
    },
  },
  {
    title: '{{OnPrem_Distinguished_Name}}: OU and DC in the order of the directory',
    profile: { subject: 'CN=Ada Lovelace,OU=Analysts,OU=London,DC=corp,DC=contoso,DC=com' },
    request: {
      subject:
        '307f31133011060a0992268993f22c6401191603636f6d31173015060a0992268993f22c6401191607636f6e746f736f31143012060a0992268993f22c6401191604636f7270310f300d060355040b0c064c6f6e646f6e3111300f060355040b0c08416e616c797374733115301306035504030c0c416461204c6f76656c616365',
    },
    certificate: {
      openssl: { subject: 'CN=Ada Lovelace,OU=Analysts,OU=London,DC=corp,DC=contoso,DC=com' },
      pyca: {
        subject: [
          'domainComponent=com',
          'domainComponent=contoso',
          'domainComponent=corp',
          'organizationalUnitName=London',
          'organizationalUnitName=Analysts',
          'commonName=Ada Lovelace',
        ],
      },
    },
  },
  {
    title: 'the opposite order stays as it is',
    profile: { subject: 'C=GB,ST=England,L=London,O=Contoso,OU=IT,CN=device' },
    request: {
      subject:
        '3060310f300d06035504030c06646576696365310b3009060355040b0c0249543110300e060355040a0c07436f6e746f736f310f300d06035504070c064c6f6e646f6e3110300e06035504080c07456e676c616e64310b3009060355040613024742',
    },
    certificate: {
      openssl: { subject: 'C=GB,ST=England,L=London,O=Contoso,OU=IT,CN=device' },
      pyca: {
        subject: [
          'commonName=device',
          'organizationalUnitName=IT',
          'organizationName=Contoso',
          'localityName=London',
          'stateOrProvinceName=England',
          'countryName=GB',
        ],
      },
    },
  },
  {
    title: 'a device: {{DeviceName}}, {{SerialNumber}}, {{IMEI}} and {{WiFiMacAddress}}',
    profile: { subject: 'CN=00:1A:2B:3C:4D:5E,CN=490154203237518,serialNumber=5CG1234XYZ,CN=LAPTOP_01' },
    request: {
      subject:
        '305f3112301006035504030c094c4150544f505f3031311330110603550405130a3543473132333458595a3118301606035504030c0f343930313534323033323337353138311a301806035504030c1130303a31413a32423a33433a34443a3545',
    },
    certificate: {
      openssl: { subject: 'CN=00:1A:2B:3C:4D:5E,CN=490154203237518,serialNumber=5CG1234XYZ,CN=LAPTOP_01' },
      pyca: {
        subject: [
          'commonName=LAPTOP_01',
          'serialNumber=5CG1234XYZ',
          'commonName=490154203237518',
          'commonName=00:1A:2B:3C:4D:5E',
        ],
      },
    },
  },
  {
    title: 'a department that is a title, and an attribute type without a name',
    profile: { subject: '1.3.6.1.4.1.99999.1=R&D,title=Analyst,CN=ada' },
    request: {
      subject:
        '3034310c300a06035504030c036164613110300e060355040c0c07416e616c7973743112301006092b06010401868d1f010c03522644',
    },
    certificate: {
      openssl: { subject: '1.3.6.1.4.1.99999.1=#0C03522644,title=Analyst,CN=ada' },
      pyca: { subject: ['commonName=ada', 'title=Analyst', 'Unknown OID=R&D'] },
    },
  },
  {
    title: 'commas, plus, semicolon, equals sign, quotes, angle brackets and a backslash in a value',
    profile: { subject: 'O=A\\+B\\; C\\=D\\, \\"E\\" \\<F\\> G\\\\H,CN=Lovelace\\, Ada' },
    request: {
      subject:
        '30383116301406035504030c0d4c6f76656c6163652c20416461311e301c060355040a0c15412b423b20433d442c20224522203c463e20475c48',
    },
    certificate: {
      openssl: { subject: 'O=A\\+B\\; C=D\\, \\"E\\" \\<F\\> G\\\\H,CN=Lovelace\\, Ada' },
      pyca: { subject: ['commonName=Lovelace, Ada', 'organizationName=A+B; C=D, "E" <F> G\\H'] },
    },
  },
  {
    title: 'a number sign and spaces at the ends of a value',
    profile: { subject: 'O=\\#1 Contoso,CN=\\ ada\\ ' },
    request: { subject: '3025310e300c06035504030c05206164612031133011060355040a0c0a233120436f6e746f736f' },
    certificate: {
      openssl: { subject: 'O=\\#1 Contoso,CN=\\ ada\\ ' },
      pyca: { subject: ['commonName= ada ', 'organizationName=#1 Contoso'] },
    },
  },
  {
    title: 'letters outside ASCII: UTF8String',
    profile: { subject: 'O=株式会社,CN=Zoë Ångström 🛰' },
    request: {
      subject:
        '3036311d301b06035504030c145a6fc3ab20c3856e67737472c3b66d20f09f9bb031153013060355040a0c0ce6a0aae5bc8fe4bc9ae7a4be',
    },
    certificate: {
      openssl: {
        subject:
          'O=\\E6\\A0\\AA\\E5\\BC\\8F\\E4\\BC\\9A\\E7\\A4\\BE,CN=Zo\\C3\\AB \\C3\\85ngstr\\C3\\B6m \\F0\\9F\\9B\\B0',
      },
      pyca: { subject: ['commonName=Zoë Ångström 🛰', 'organizationName=株式会社'] },
    },
  },
  {
    title: 'PrintableString, T61String and BMPString keep their types',
    profile: { subject: 'OU=Zürich,O=Contoso,CN=Zoe' },
    request: {
      subject:
        '3037310c300a060355040314035a6f653110300e060355040a1307436f6e746f736f31153013060355040b1e0c005a00fc0072006900630068',
    },
    certificate: {
      openssl: { subject: 'OU=Z\\C3\\BCrich,O=Contoso,CN=Zoe' },
      pyca: { subject: ['commonName=Zoe', 'organizationName=Contoso', 'organizationalUnitName=Zürich'] },
    },
  },
  {
    title: 'a CN of 200 characters',
    profile: {
      subject: `CN=${LONG}`,
    },
    request: {
      subject: `3081d63181d33081d006035504030c81c8${ascii(LONG)}`,
    },
    certificate: {
      openssl: {
        subject: `CN=${LONG}`,
      },
      pyca: {
        subject: [`commonName=${LONG}`],
      },
    },
  },
  OF_120_OUS,
  {
    title: 'an empty subject, and a user principal name: the alternative name is critical',
    profile: { subject: '', san: ['upn:ada@contoso.com'] },
    request: {
      subject: '3000',
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '3021a01f060a2b060104018237140203a0110c0f61646140636f6e746f736f2e636f6d',
      },
    },
    certificate: {
      openssl: { subject: '', names: 'critical othername: UPN::ada@contoso.com' },
      pyca: { subject: [], names: ['OtherName:1.3.6.1.4.1.311.20.2.3:0c0f61646140636f6e746f736f2e636f6d'] },
      octets: {
        extensions: {
          ...USUAL_EXTENSIONS,
          [NAMES]: 'critical 3021a01f060a2b060104018237140203a0110c0f61646140636f6e746f736f2e636f6d',
        },
      },
    },
  },
  {
    title: 'an empty subject, and no name at all: refused, and Intune is told',
    profile: { subject: '' },
    request: { subject: '3000' },
    refused: { failInfo: 'badRequest', code: 'subject_refused', intuneCode: 'Success', failures: [0xa0094001 | 0] },
  },
  {
    title: 'a subject that is not that of the profile',
    profile: { subject: 'CN=other' },
    request: { subject: '3011310f300d06035504030c06646576696365' },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'SubjectNameMismatch' },
  },
  {
    title: 'one RDN more than the profile has',
    profile: { subject: 'CN=device' },
    request: { subject: '302a310f300d06035504030c0664657669636531173015060355040b0c0e41646d696e6973747261746f7273' },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'SubjectNameMismatch' },
  },
  {
    title: 'no subject where the profile has one',
    profile: { subject: 'CN=device', san: ['dns:device.contoso.com'] },
    request: {
      subject: '3000',
      extensions: { ...USUAL_EXTENSIONS, [NAMES]: '301482126465766963652e636f6e746f736f2e636f6d' },
    },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'SubjectNameMissing' },
  },
  {
    title: 'a variable without a value, which leaves an empty CN: refused, and Intune is told',
    profile: { subject: 'O=Contoso,CN=' },
    request: { subject: '301d3109300706035504030c003110300e060355040a0c07436f6e746f736f' },
    refused: { failInfo: 'badRequest', code: 'subject_refused', intuneCode: 'Success', failures: [0xa0094001 | 0] },
  },
];
