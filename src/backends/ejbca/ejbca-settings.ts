/** How EJBCA is asked for certificates. */

/** The names are those of EJBCA, as its administrator sees them. */
export type EjbcaSettings = {
  /** Without a slash at its end, such as `https://ejbca.example/ejbca/ejbca-rest-api/v1`. */
  url: string;
  /** The CA: *Certification Authorities* in EJBCA. */
  certificateAuthority: string;
  certificateProfile: string;
  endEntityProfile: string;
  /** Before the name of every end entity: what openndes makes or changes is recognised by it, and is nothing else. */
  usernamePrefix: string;
};
