/** A user and a device with a value for each variable of templates. */
import type { TemplateDevice, TemplateRules, TemplateUser } from '../../src/pfx/template-variables.ts';

export const RULES: TemplateRules = { userName: 'upn', domainName: false, longNames: false };

export const USER = {
  userPrincipalName: 'jane@contoso.example',
  mail: 'jane.doe@contoso.example',
  givenName: 'Jane',
  surname: 'Doe',
  department: 'R&D',
  onPremisesDistinguishedName: 'CN=Jane Doe,OU=Staff,DC=contoso,DC=example',
  onPremisesSamAccountName: 'jdoe',
  onPremisesDomainName: 'contoso.example',
  onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1104',
} as const satisfies TemplateUser;

export const DEVICE = {
  azureADDeviceId: '0d0e',
  id: '1d1e',
  serialNumber: 'C02X',
  imei: '356938035643809',
  meid: 'A10000009296F2',
  wiFiMacAddress: '001122334455',
  deviceName: 'LAPTOP-1',
  domain: 'contoso.example',
} as const satisfies TemplateDevice;

export const BELL = '\u0007';
