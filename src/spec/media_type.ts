/**
 * Media types of documents and blobs, and what they mean.
 *
 * @module
 */

const oci = "application/vnd.oci";
const docker = "application/vnd.docker";

/** The media types of the OCI and Docker image specifications. */
export const mediaTypes = {
  ociManifest: `${oci}.image.manifest.v1+json`,
  ociIndex: `${oci}.image.index.v1+json`,
  ociConfig: `${oci}.image.config.v1+json`,
  ociEmpty: `${oci}.empty.v1+json`,
  ociLayer: `${oci}.image.layer.v1.tar`,
  ociLayerGzip: `${oci}.image.layer.v1.tar+gzip`,
  ociLayerZstd: `${oci}.image.layer.v1.tar+zstd`,
  ociForeignLayer: `${oci}.image.layer.nondistributable.v1.tar`,
  ociForeignLayerGzip: `${oci}.image.layer.nondistributable.v1.tar+gzip`,
  ociForeignLayerZstd: `${oci}.image.layer.nondistributable.v1.tar+zstd`,
  dockerManifest: `${docker}.distribution.manifest.v2+json`,
  dockerIndex: `${docker}.distribution.manifest.list.v2+json`,
  dockerSchema1: `${docker}.distribution.manifest.v1+json`,
  dockerSchema1Signed: `${docker}.distribution.manifest.v1+prettyjws`,
  dockerConfig: `${docker}.container.image.v1+json`,
  dockerPluginConfig: `${docker}.plugin.v1+json`,
  dockerLayer: `${docker}.image.rootfs.diff.tar`,
  dockerLayerGzip: `${docker}.image.rootfs.diff.tar.gzip`,
  dockerLayerZstd: `${docker}.image.rootfs.diff.tar.zstd`,
  dockerForeignLayer: `${docker}.image.rootfs.foreign.diff.tar`,
  dockerForeignLayerGzip: `${docker}.image.rootfs.foreign.diff.tar.gzip`,
  octetStream: "application/octet-stream",
} as const;

const manifests: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest];
const indexes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerIndex];
const schema1: readonly string[] = [mediaTypes.dockerSchema1, mediaTypes.dockerSchema1Signed];
const configs: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];
const layers =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[+.](?:gzip|zstd))?$/;

/** Whether it is an image manifest, OCI's or Docker's schema 2. */
export function isManifestType(mediaType: string): boolean {
  return manifests.includes(mediaType);
}

/** Whether it is an index, OCI's or Docker's manifest list. */
export function isIndexType(mediaType: string): boolean {
  return indexes.includes(mediaType);
}

/** Whether it is Docker's schema 1, signed or not. */
export function isSchema1Type(mediaType: string): boolean {
  return schema1.includes(mediaType);
}

/** Whether it is a document that registries keep as a manifest. */
export function isDocumentType(mediaType: string): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType) || isSchema1Type(mediaType);
}

/** Whether it is the config of a container image, as against an artifact's. */
export function isConfigType(mediaType: string): boolean {
  return configs.includes(mediaType);
}

/** Whether it is a layer of a file system. */
export function isLayerType(mediaType: string): boolean {
  return layers.test(mediaType);
}

/** Whether it is a layer that is compressed with zstd. */
export function isZstdType(mediaType: string): boolean {
  return isLayerType(mediaType) && mediaType.endsWith("zstd");
}

/** Whether it is a layer that is not to be pushed to other registries. */
export function isForeignType(mediaType: string): boolean {
  return isLayerType(mediaType) && /\.(?:nondistributable|foreign)\./.test(mediaType);
}

/** Whether it is one of Docker's own types. */
export function isDockerType(mediaType: string): boolean {
  return mediaType.startsWith(`${docker}.`);
}

/** What OCI and Docker call the same thing. */
const families: readonly (readonly [oci: string, docker: string])[] = [
  [mediaTypes.ociManifest, mediaTypes.dockerManifest],
  [mediaTypes.ociIndex, mediaTypes.dockerIndex],
  [mediaTypes.ociConfig, mediaTypes.dockerConfig],
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
  [mediaTypes.ociForeignLayer, mediaTypes.dockerForeignLayer],
  [mediaTypes.ociForeignLayerGzip, mediaTypes.dockerForeignLayerGzip],
];

/** Docker's name for what OCI has a name for; other types stay as they are. */
export function dockerType(mediaType: string): string {
  return families.find(([oci]) => oci === mediaType)?.[1] ?? mediaType;
}

/** OCI's name for what Docker has a name for; other types stay as they are. */
export function ociType(mediaType: string): string {
  return families.find(([, docker]) => docker === mediaType)?.[0] ?? mediaType;
}

/** What registries are asked for when a manifest of any kind will do; the index types stand first, as some read no further. */
export const acceptedDocuments: readonly string[] = [...indexes, ...manifests, ...schema1];
