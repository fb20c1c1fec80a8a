import type { CommandRow } from "../command_row.ts";

/** What help lists under "Transfer". */
export const transferRows: readonly CommandRow[] = [
  {
    path: "copy",
    alias: "cp",
    group: "Transfer",
    summary: "copy an image from one place to another; its digest stays the same",
    examples: [
      "alpine:3.20 localhost:5000/alpine:3.20",
      "--all-tags ghcr.io/acme/app localhost:5000/acme/app",
    ],
    load: () => import("../commands/transfer/copy.ts"),
  },
  {
    path: "export",
    group: "Transfer",
    summary: "write the file system of an image as a tarball",
    examples: ["alpine:3.20 rootfs.tar", "--platform linux/arm64 alpine:3.20 | tar x"],
    load: () => import("../commands/transfer/export.ts"),
  },
  {
    path: "flatten",
    group: "Transfer",
    summary: "make one layer of all layers of an image",
    examples: ["localhost:5000/app:v1", "--tag localhost:5000/app:flat ghcr.io/acme/app:v1"],
    load: () => import("../commands/transfer/flatten.ts"),
  },
  {
    path: "attach",
    group: "Transfer",
    summary: "attach files to an image, such as a signature or an SBOM",
    examples: [
      "--artifact-type application/spdx+json localhost:5000/app:v1 sbom.json:application/spdx+json",
      "--artifact-type application/vnd.example.note -a by=me localhost:5000/app:v1",
    ],
    load: () => import("../commands/transfer/attach.ts"),
  },
  {
    path: "pull",
    group: "Transfer",
    summary: "pull images into the store, a tarball or an OCI image layout",
    examples: [
      "alpine:3.20",
      "alpine:3.20 alpine.tar",
      "--format oci --platform linux/arm64 alpine:3.20 ./images",
    ],
    load: () => import("../commands/transfer/pull.ts"),
  },
  {
    path: "push",
    group: "Transfer",
    summary: "push what is in an archive, an OCI image layout or the store",
    examples: ["app.tar localhost:5000/app:v1", "--index ./images ghcr.io/acme/app:v1"],
    load: () => import("../commands/transfer/push.ts"),
  },
  {
    path: "repack",
    group: "Transfer",
    summary: "put what has changed in an unpacked image into a new layer on top of it",
    examples: [
      "./root alpine:3.20 -t localhost:5000/alpine:changed",
      "./root ./app.tar -t localhost:5000/app:changed",
    ],
    load: () => import("../commands/transfer/repack.ts"),
  },
  {
    path: "unpack",
    group: "Transfer",
    summary: "make the file system of an image in a directory, or its layers in the store",
    examples: ["alpine:3.20", "alpine:3.20 ./root", "--rootless --platform linux/arm64 ./app.tar ./root"],
    load: () => import("../commands/transfer/unpack.ts"),
  },
];
