/** The path under which NDES serves SCEP. Intune profiles and many clients have it built in. */
export const NDES_PATH = '/certsrv/mscep/mscep.dll';
