/** The OBJECT IDENTIFIERs of RFC 5280, 2985, 3279, 5480, 6960, 8410 and Microsoft that the code uses by name, dotted. */
export const OID = {
  challengePassword: '1.2.840.113549.1.9.7',
  extensionRequest: '1.2.840.113549.1.9.14',
  microsoftExtensionRequest: '1.3.6.1.4.1.311.2.1.14',
  enrollmentNameValuePair: '1.3.6.1.4.1.311.13.2.1',

  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  cRLNumber: '2.5.29.20',
  issuingDistributionPoint: '2.5.29.28',
  reasonCode: '2.5.29.21',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  certificatePolicies: '2.5.29.32',
  subjectDirectoryAttributes: '2.5.29.9',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  certificateTemplateName: '1.3.6.1.4.1.311.20.2',
  certificateTemplate: '1.3.6.1.4.1.311.21.7',
  ocspBasic: '1.3.6.1.5.5.7.48.1.1',
  ocspNonce: '1.3.6.1.5.5.7.48.1.2',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  ocspExtendedRevoke: '1.3.6.1.5.5.7.48.1.9',
  microsoftSid: '1.3.6.1.4.1.311.25.2',
  userPrincipalName: '1.3.6.1.4.1.311.20.2.3',

  emailAddress: '1.2.840.113549.1.9.1',

  rsaEncryption: '1.2.840.113549.1.1.1',
  ecPublicKey: '1.2.840.10045.2.1',
  ed25519: '1.3.101.112',
  p256: '1.2.840.10045.3.1.7',
  p384: '1.3.132.0.34',
  p521: '1.3.132.0.35',
} as const;

const PURPOSES = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecEndSystem: '1.3.6.1.5.5.7.3.5',
  ipsecTunnel: '1.3.6.1.5.5.7.3.6',
  ipsecUser: '1.3.6.1.5.5.7.3.7',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  ipsecIke: '1.3.6.1.5.5.7.3.17',
  certificateRequestAgent: '1.3.6.1.4.1.311.20.2.1',
  smartcardLogon: '1.3.6.1.4.1.311.20.2.2',
  ipsecIntermediate: '1.3.6.1.5.5.8.2.2',
} as const;

/** Purposes of the parts of a PKI and of a directory, by OID: a device with one of them could act in their place. */
export const INFRASTRUCTURE_PURPOSES: ReadonlyMap<string, string> = new Map([
  [PURPOSES.ocspSigning, 'sign OCSP responses for all certificates of the CA'],
  [PURPOSES.certificateRequestAgent, 'request certificates in the name of others, and pose as the RA'],
  ['1.3.6.1.5.5.7.3.27', 'pose as the CA (cmcCA)'],
  ['1.3.6.1.5.5.7.3.28', 'pose as an RA (cmcRA)'],
  ['1.3.6.1.5.2.3.5', 'pose as a domain controller (KDC authentication)'],
  ['1.3.6.1.4.1.311.21.6', 'recover the keys of others (key recovery agent)'],
  ['1.3.6.1.4.1.311.21.5', 'pose as the CA (private key archival)'],
]);

/**
 * Purposes of ExtendedKeyUsage, dotted OIDs by the names of RFC 5280 4.2.1.12 and Microsoft; undefined for other names.
 */
export const EXTENDED_KEY_USAGES: typeof PURPOSES & Readonly<Record<string, string>> = PURPOSES;

/** The name of a purpose, or its dotted OID when it has none here. */
export const purposeName = (id: string): string =>
  Object.entries(EXTENDED_KEY_USAGES).find(([, known]) => known === id)?.[0] ?? id;
