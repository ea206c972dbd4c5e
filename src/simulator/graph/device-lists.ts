/** Graph: what Intune manages, and the certificates that it was told of. */
import type { Directory } from '../directory/directory.ts';
import type { IssuedCertificate, IssuedCertificates, RevokeStatus } from '../directory/issued-certificates.ts';
import type { DirectoryDevice } from '../directory/device-records.ts';
import type { ServiceHandler } from '../service-call.ts';
import type { TokenAuthority } from '../tokens.ts';
import { type PageSizes, pageOf, type RowsAfter } from './paging.ts';
import { graphRefusal } from './permission.ts';

const SIZES: PageSizes = { usual: 1000, most: 1000 };

const readOrWrite = (name: string): readonly string[] => [`${name}.Read.All`, `${name}.ReadWrite.All`];

/** `GET /deviceManagement/managedDevices`. */
export const managedDevices =
  (tokens: TokenAuthority, { managed }: Directory): ServiceHandler =>
  (call) => {
    const roles = readOrWrite('DeviceManagementManagedDevices');
    const refused = graphRefusal(call, tokens, { audiences: [call.site.graph], roles, nested: true });
    if (refused) return refused;
    const rowsAfter: RowsAfter = (after, most) =>
      managed
        .changes({ after, most, removed: false })
        .flatMap(({ version, object }) => (object ? [{ key: version, row: managedDevice(object) }] : []));
    return pageOf(call, rowsAfter, { name: 'deviceManagement/managedDevices', sizes: SIZES });
  };

const managedDevice = (device: DirectoryDevice): object => ({
  id: device.id,
  userId: device.userId,
  deviceName: device.deviceName,
  managementState: device.managementState,
  operatingSystem: device.operatingSystem,
  azureADRegistered: true,
  azureADDeviceId: device.azureADDeviceId,
  userPrincipalName: device.userPrincipalName,
  serialNumber: device.serialNumber,
});

type Certificates = { issued: IssuedCertificates; directory: Directory };

/** `GET /beta/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates`. */
export const allCertificateStates =
  (tokens: TokenAuthority, certificates: Certificates): ServiceHandler =>
  (call) =>
    certificatePage(call, tokens, { certificates, profileId: undefined, rowOf: allState });

/** `GET /beta/deviceManagement/deviceConfigurations/{profile}/managedDeviceCertificateStates`. */
export const certificateStates =
  (tokens: TokenAuthority, certificates: Certificates): ServiceHandler =>
  (call) =>
    certificatePage(call, tokens, { certificates, profileId: call.params['profile'], rowOf: profileState });

type StateContext = { status: RevokeStatus; device: DirectoryDevice | undefined };
type StateList = {
  certificates: Certificates;
  profileId: string | undefined;
  rowOf: (certificate: IssuedCertificate, context: StateContext) => object;
};

function certificatePage(
  call: Parameters<ServiceHandler>[0],
  tokens: TokenAuthority,
  { certificates: { issued, directory }, profileId, rowOf }: StateList,
): ReturnType<ServiceHandler> {
  const roles = readOrWrite('DeviceManagementConfiguration');
  const refused = graphRefusal(call, tokens, { audiences: [call.site.graph], roles, nested: true });
  if (refused) return refused;
  const statuses = issued.revokeStatuses();
  const listed = issued.list().filter((each) => profileId === undefined || each.profileId === profileId);
  const rowsAfter: RowsAfter = (after, most) =>
    listed.slice(after, after + most).map((certificate, index) => ({
      key: after + index + 1,
      row: rowOf(certificate, {
        status: statuses.get(certificate.serialNumber) ?? 'none',
        device: directory.managed.get(certificate.deviceId),
      }),
    }));
  return pageOf(call, rowsAfter, { name: 'managedDeviceCertificateStates', sizes: SIZES });
}

const allState = (certificate: IssuedCertificate, { status, device }: StateContext): object => ({
  id: certificate.id,
  certificateRevokeStatus: status,
  managedDeviceDisplayName: device?.deviceName ?? '',
  userPrincipalName: device?.userPrincipalName ?? '',
  certificateExpirationDateTime: certificate.expires,
  certificateIssuerName: certificate.issuer,
  certificateThumbprint: certificate.thumbprint,
  certificateSerialNumber: certificate.serialNumber,
  certificateSubjectName: certificate.subject,
});

const profileState = (certificate: IssuedCertificate, { status, device }: StateContext): object => ({
  id: certificate.id,
  certificateRevokeStatus: status,
  certificateIssuanceState: 'issued',
  deviceDisplayName: device?.deviceName ?? '',
  userDisplayName: device?.userPrincipalName ?? '',
  certificateExpirationDateTime: certificate.expires,
  certificateIssuer: certificate.issuer,
  certificateThumbprint: certificate.thumbprint,
  certificateSerialNumber: certificate.serialNumber,
});
