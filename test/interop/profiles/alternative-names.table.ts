/** Subject alternative names of every kind that a profile has; the octets of a request are those of its certificate. */
import { NAMES, type ProfileRow, USUAL_EXTENSIONS } from './row.ts';

const ascii = (text: string): string => Buffer.from(text).toString('hex');
const HOSTS = Array.from({ length: 500 }, (_, i) => `host-${String(i).padStart(3, '0')}.contoso.com`);

const OF_500_NAMES: ProfileRow = {
  title: 'five hundred DNS names',
  profile: { san: HOSTS.map((host) => `dns:${host}`) },
  request: {
    extensions: { ...USUAL_EXTENSIONS, [NAMES]: `30822af8${HOSTS.map((host) => `8214${ascii(host)}`).join('')}` },
  },
  certificate: {
    openssl: { names: HOSTS.map((host) => `DNS:${host}`).join(', ') },
    pyca: { names: HOSTS.map((host) => `DNSName:${host}`) },
  },
};

export const ALTERNATIVE_NAMES: readonly ProfileRow[] = [
  {
    title: 'e-mail',
    profile: { san: ['email:ada@contoso.com'] },
    request: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '3011810f61646140636f6e746f736f2e636f6d' } },
    certificate: { openssl: { names: 'email:ada@contoso.com' }, pyca: { names: ['RFC822Name:ada@contoso.com'] } },
  },
  {
    title: 'e-mail with a plus and an apostrophe',
    profile: { san: ["email:ada.o'neil+wifi@contoso.co.uk"] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '301f811d6164612e6f276e65696c2b7769666940636f6e746f736f2e636f2e756b',
      },
    },
    certificate: {
      openssl: { names: "email:ada.o'neil+wifi@contoso.co.uk" },
      pyca: { names: ["RFC822Name:ada.o'neil+wifi@contoso.co.uk"] },
    },
  },
  {
    title: 'user principal name',
    profile: { san: ['upn:ada@contoso.com'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '3021a01f060a2b060104018237140203a0110c0f61646140636f6e746f736f2e636f6d',
      },
    },
    certificate: {
      openssl: { names: 'othername: UPN::ada@contoso.com' },
      pyca: { names: ['OtherName:1.3.6.1.4.1.311.20.2.3:0c0f61646140636f6e746f736f2e636f6d'] },
    },
  },
  {
    title: 'user principal name outside ASCII',
    profile: { san: ['upn:zoë@contoso.com'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '3022a020060a2b060104018237140203a0120c107a6fc3ab40636f6e746f736f2e636f6d',
      },
    },
    certificate: {
      openssl: { names: 'othername: UPN::zoë@contoso.com' },
      pyca: { names: ['OtherName:1.3.6.1.4.1.311.20.2.3:0c107a6fc3ab40636f6e746f736f2e636f6d'] },
    },
  },
  {
    title: 'DNS',
    profile: { san: ['dns:laptop-1.corp.contoso.com'] },
    request: {
      extensions: { ...USUAL_EXTENSIONS, [NAMES]: '301b82196c6170746f702d312e636f72702e636f6e746f736f2e636f6d' },
    },
    certificate: {
      openssl: { names: 'DNS:laptop-1.corp.contoso.com' },
      pyca: { names: ['DNSName:laptop-1.corp.contoso.com'] },
    },
  },
  {
    title: 'DNS of one label, with upper case and an underscore',
    profile: { san: ['dns:LAPTOP_01'] },
    request: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '300b82094c4150544f505f3031' } },
    certificate: { openssl: { names: 'DNS:LAPTOP_01' }, pyca: { names: ['DNSName:LAPTOP_01'] } },
  },
  {
    title: 'a wildcard DNS name, as static text',
    profile: { san: ['dns:*.contoso.com'] },
    request: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '300f820d2a2e636f6e746f736f2e636f6d' } },
    certificate: { openssl: { names: 'DNS:*.contoso.com' }, pyca: { names: ['DNSName:*.contoso.com'] } },
  },
  {
    title: 'URI',
    profile: { san: ['uri:https://contoso.com/devices/8d5b?x=1%20a#f'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '302c862a68747470733a2f2f636f6e746f736f2e636f6d2f646576696365732f386435623f783d31253230612366',
      },
    },
    certificate: {
      openssl: { names: 'URI:https://contoso.com/devices/8d5b?x=1%20a#f' },
      pyca: { names: ['UniformResourceIdentifier:https://contoso.com/devices/8d5b?x=1%20a#f'] },
    },
  },
  {
    title: '{{OnPremisesSecurityIdentifier}}: the tag URI of a SID, with its comma and colons',
    profile: { san: ['uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '304f864d7461673a6d6963726f736f66742e636f6d2c323032322d30392d31343a7369643a532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d353132',
      },
    },
    certificate: {
      openssl: { names: 'URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512' },
      pyca: {
        names: [
          'UniformResourceIdentifier:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512',
        ],
      },
    },
  },
  {
    title: 'a SID and a user principal name, for strong mapping of a user',
    profile: {
      san: ['upn:ada@contoso.com', 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512'],
    },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '3070a01f060a2b060104018237140203a0110c0f61646140636f6e746f736f2e636f6d864d7461673a6d6963726f736f66742e636f6d2c323032322d30392d31343a7369643a532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d353132',
      },
    },
    certificate: {
      openssl: {
        names:
          'othername: UPN::ada@contoso.com, URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512',
      },
      pyca: {
        names: [
          'OtherName:1.3.6.1.4.1.311.20.2.3:0c0f61646140636f6e746f736f2e636f6d',
          'UniformResourceIdentifier:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512',
        ],
      },
    },
  },
  {
    title: 'a SID and a DNS name, for strong mapping of a hybrid joined computer',
    profile: {
      san: [
        'dns:laptop-1.corp.contoso.com',
        'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-1104',
      ],
    },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '306b82196c6170746f702d312e636f72702e636f6e746f736f2e636f6d864e7461673a6d6963726f736f66742e636f6d2c323032322d30392d31343a7369643a532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d31313034',
      },
    },
    certificate: {
      openssl: {
        names:
          'DNS:laptop-1.corp.contoso.com, URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-1104',
      },
      pyca: {
        names: [
          'DNSName:laptop-1.corp.contoso.com',
          'UniformResourceIdentifier:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-1104',
        ],
      },
    },
  },
  {
    title: 'IntuneDeviceId://{{DeviceId}}, for network access control',
    profile: { san: ['uri:IntuneDeviceId://8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '30378635496e74756e6544657669636549643a2f2f38643562306239652d326630632d346635372d396632622d306231663361623363303031',
      },
    },
    certificate: {
      openssl: { names: 'URI:IntuneDeviceId://8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001' },
      pyca: { names: ['UniformResourceIdentifier:IntuneDeviceId://8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001'] },
    },
  },
  {
    title: 'ID:Microsoft Endpoint Manager:GUID:{{DeviceId}}, with its spaces',
    profile: { san: ['uri:ID:Microsoft Endpoint Manager:GUID:8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '3049864749443a4d6963726f736f667420456e64706f696e74204d616e616765723a475549443a38643562306239652d326630632d346635372d396632622d306231663361623363303031',
      },
    },
    certificate: {
      openssl: { names: 'URI:ID:Microsoft Endpoint Manager:GUID:8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001' },
      pyca: {
        names: ['UniformResourceIdentifier:ID:Microsoft Endpoint Manager:GUID:8d5b0b9e-2f0c-4f57-9f2b-0b1f3ab3c001'],
      },
    },
  },
  {
    title: 'all four kinds, two of each, in the order of the request',
    profile: {
      san: [
        'uri:urn:b',
        'dns:b.contoso.com',
        'email:b@contoso.com',
        'upn:b@contoso.com',
        'upn:a@contoso.com',
        'email:a@contoso.com',
        'dns:a.contoso.com',
        'uri:urn:a',
      ],
    },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '308188860575726e3a62820d622e636f6e746f736f2e636f6d810d6240636f6e746f736f2e636f6da01d060a2b060104018237140203a00f0c0d6240636f6e746f736f2e636f6da01d060a2b060104018237140203a00f0c0d6140636f6e746f736f2e636f6d810d6140636f6e746f736f2e636f6d820d612e636f6e746f736f2e636f6d860575726e3a61',
      },
    },
    certificate: {
      openssl: {
        names:
          'URI:urn:b, DNS:b.contoso.com, email:b@contoso.com, othername: UPN::b@contoso.com, othername: UPN::a@contoso.com, email:a@contoso.com, DNS:a.contoso.com, URI:urn:a',
      },
      pyca: {
        names: [
          'UniformResourceIdentifier:urn:b',
          'DNSName:b.contoso.com',
          'RFC822Name:b@contoso.com',
          'OtherName:1.3.6.1.4.1.311.20.2.3:0c0d6240636f6e746f736f2e636f6d',
          'OtherName:1.3.6.1.4.1.311.20.2.3:0c0d6140636f6e746f736f2e636f6d',
          'RFC822Name:a@contoso.com',
          'DNSName:a.contoso.com',
          'UniformResourceIdentifier:urn:a',
        ],
      },
    },
  },
  {
    title: 'the same name twice',
    profile: { san: ['dns:a.contoso.com'] },
    request: {
      extensions: { ...USUAL_EXTENSIONS, [NAMES]: '301e820d612e636f6e746f736f2e636f6d820d612e636f6e746f736f2e636f6d' },
    },
    certificate: {
      openssl: { names: 'DNS:a.contoso.com, DNS:a.contoso.com' },
      pyca: { names: ['DNSName:a.contoso.com', 'DNSName:a.contoso.com'] },
    },
  },
  {
    title: 'critical in the request, beside a subject: not critical in the certificate',
    profile: { san: ['dns:a.contoso.com'] },
    request: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: 'critical 300f820d612e636f6e746f736f2e636f6d' } },
    certificate: {
      openssl: { names: 'DNS:a.contoso.com' },
      pyca: { names: ['DNSName:a.contoso.com'] },
      octets: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '300f820d612e636f6e746f736f2e636f6d' } },
    },
  },
  OF_500_NAMES,
  {
    title: 'the extension with a SID (1.3.6.1.4.1.311.25.2), which Intune does not validate: left out',
    profile: { san: ['dns:a.contoso.com'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '300f820d612e636f6e746f736f2e636f6d',
        '1.3.6.1.4.1.311.25.2': '3024a022060a2b060104018237190201a0140412532d312d352d32312d312d322d332d353030',
      },
    },
    certificate: {
      openssl: { names: 'DNS:a.contoso.com' },
      pyca: { names: ['DNSName:a.contoso.com'] },
      octets: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '300f820d612e636f6e746f736f2e636f6d' } },
    },
  },
  {
    title: 'a SID other than that of the profile',
    profile: { san: ['uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]:
          '304f864d7461673a6d6963726f736f66742e636f6d2c323032322d30392d31343a7369643a532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d353030',
      },
    },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'SubjectAltNameMismatch' },
  },
  {
    title: 'one name more than the profile has',
    profile: { san: ['dns:a.contoso.com'] },
    request: {
      extensions: {
        ...USUAL_EXTENSIONS,
        [NAMES]: '301f820d612e636f6e746f736f2e636f6d820e64632e636f6e746f736f2e636f6d',
      },
    },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'SubjectAltNameMismatch' },
  },
  {
    title: 'none where the profile has one',
    profile: { san: ['dns:a.contoso.com'] },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'SubjectAltNameMissing' },
  },
  {
    title: 'an IP address, which `subjectAltName` does not list',
    profile: { san: ['ip:10.0.0.1'] },
    request: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '300687040a000001' } },
    refused: { failInfo: 'badRequest', code: 'subject_refused', intuneCode: 'Success', failures: [0xa0094001 | 0] },
  },
  {
    title: 'a text that is no host name, though the profile of Intune has it',
    profile: { san: ['dns:not a host'] },
    request: { extensions: { ...USUAL_EXTENSIONS, [NAMES]: '300c820a6e6f74206120686f7374' } },
    refused: { failInfo: 'badRequest', code: 'subject_refused', intuneCode: 'Success', failures: [0xa0094001 | 0] },
  },
];
