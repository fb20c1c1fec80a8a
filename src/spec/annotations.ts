/**
 * Names of well-known annotations and labels.
 *
 * @module
 */

const oci = "org.opencontainers.image";
const docker = "vnd.docker.reference";

/** The annotations that the OCI image specification names, and those of Docker and containerd that tools depend on. */
export const annotations = {
  created: `${oci}.created`,
  authors: `${oci}.authors`,
  url: `${oci}.url`,
  documentation: `${oci}.documentation`,
  source: `${oci}.source`,
  version: `${oci}.version`,
  revision: `${oci}.revision`,
  vendor: `${oci}.vendor`,
  licenses: `${oci}.licenses`,
  refName: `${oci}.ref.name`,
  title: `${oci}.title`,
  description: `${oci}.description`,
  baseDigest: `${oci}.base.digest`,
  baseName: `${oci}.base.name`,
  /** Full reference of an image in an archive that containerd or Docker wrote. */
  containerdName: "io.containerd.image.name",
  /** Prefix of labels that tell from which repositories a blob came, one for each registry. */
  distributionSource: "containerd.io/distribution.source.",
  /** `attestation-manifest` where BuildKit's index names an attestation. */
  attestationType: `${docker}.type`,
  /** The manifest that an attestation in BuildKit's index is about. */
  attestationDigest: `${docker}.digest`,
} as const;
