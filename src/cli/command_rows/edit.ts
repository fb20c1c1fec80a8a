import type { CommandRow } from "../command_row.ts";

/** What help lists under "Edit". */
export const editRows: readonly CommandRow[] = [
  {
    path: "append",
    group: "Edit",
    summary: "append layers to an image, or make one of them",
    examples: [
      "-b alpine:3.20 -f app.tar.gz -t localhost:5000/app:v1",
      "-f ./dist -o app.tar -t app:v1",
    ],
    load: () => import("../commands/edit/append.ts"),
  },
  { path: "edit", group: "Edit", summary: "edit a document or a file of an image" },
  {
    path: "edit config",
    group: "Edit",
    summary: "edit the config of an image with $EDITOR, or from standard input",
    examples: ["localhost:5000/app:v1", "localhost:5000/app:v1 -t localhost:5000/app:v2 < config.json"],
    load: () => import("../commands/edit/edit_config.ts"),
  },
  {
    path: "edit fs",
    group: "Edit",
    summary: "edit a file in an image with $EDITOR, or from standard input",
    examples: ["localhost:5000/app:v1 -f /etc/motd", "localhost:5000/app:v1 -f /etc/motd < motd"],
    load: () => import("../commands/edit/edit_fs.ts"),
  },
  {
    path: "edit manifest",
    group: "Edit",
    summary: "edit the manifest of an image, or an index, with $EDITOR or from standard input",
    examples: ["localhost:5000/app:v1", "localhost:5000/app:v1 -t localhost:5000/app:v2 < manifest.json"],
    load: () => import("../commands/edit/edit_manifest.ts"),
  },
  {
    path: "mutate",
    group: "Edit",
    summary: "change the config, the layers or the annotations of an image",
    examples: [
      "localhost:5000/app:v1 --cmd /app -e A=1 -t localhost:5000/app:v2",
      "ghcr.io/acme/app:v1 --layer-compress zstd --time-max 1700000000 -t localhost:5000/app:v1",
    ],
    load: () => import("../commands/edit/mutate.ts"),
  },
  {
    path: "squash",
    group: "Edit",
    summary: "make one layer of several layers of an image",
    examples: [
      "--base alpine:3.20 localhost:5000/app:v1",
      "--from 2 --to 5 localhost:5000/app:v1 -t localhost:5000/app:v2",
    ],
    load: () => import("../commands/edit/squash.ts"),
  },
  {
    path: "rebase",
    group: "Edit",
    summary: "put an image on another base",
    examples: [
      "localhost:5000/app:v1 --old_base alpine:3.19 --new_base alpine:3.20",
      "--check ghcr.io/acme/app:v1",
    ],
    load: () => import("../commands/edit/rebase.ts"),
  },
  { path: "index", group: "Edit", summary: "make and change indexes" },
  {
    path: "index annotate",
    group: "Edit",
    summary: "set annotations of an index, or of what it names",
    examples: [
      "localhost:5000/app:v1 -a version=1",
      "localhost:5000/app:v1 linux/arm64 --annotation-rm note",
    ],
    load: () => import("../commands/index/annotate.ts"),
  },
  {
    path: "index append",
    group: "Edit",
    summary: "append manifests to an index",
    examples: [
      "localhost:5000/app:v1 -m localhost:5000/app:arm64",
      "-m app-amd64.tar -m app-arm64.tar -t localhost:5000/app:v1",
    ],
    load: () => import("../commands/index/append.ts"),
  },
  {
    path: "index create",
    group: "Edit",
    summary: "make an index of images",
    examples: [
      "-t localhost:5000/app:v1 localhost:5000/app:amd64 localhost:5000/app:arm64",
      "-t localhost:5000/app:v1 -a version=1 app-amd64.tar app-arm64.tar",
    ],
    load: () => import("../commands/index/create.ts"),
  },
  {
    path: "index filter",
    group: "Edit",
    summary: "keep some platforms of an index",
    examples: [
      "ghcr.io/acme/app:v1 --platform linux/amd64 --platform linux/arm64 -t localhost:5000/app:v1",
      "localhost:5000/app:v1 --platform linux",
    ],
    load: () => import("../commands/index/filter.ts"),
  },
  {
    path: "index list",
    group: "Edit",
    summary: "list what an index names",
    examples: ["alpine:3.20", "--json ./images"],
    load: () => import("../commands/index/list.ts"),
  },
  {
    path: "index remove",
    group: "Edit",
    summary: "take manifests out of an index",
    examples: ["localhost:5000/app:v1 linux/386", "localhost:5000/app:v1 sha256:44136fa3…"],
    load: () => import("../commands/index/remove.ts"),
  },
];
