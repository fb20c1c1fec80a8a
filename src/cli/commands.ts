import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

/** The headings under which help lists commands. */
export type CommandGroup = "Transfer" | "Inspect" | "Edit" | "Registry" | "Store" | "Other";

/** What the file of a command exports. */
export interface CommandModule {
  /** Declares the arguments and options of the command, and what it does. */
  define(command: Command, context: CommandContext): void;
}

/** A command: what help tells of it, and where it is. */
export interface CommandRow {
  /** Its words after `gantry`. */
  readonly path: string;
  readonly alias?: string;
  readonly group: CommandGroup;
  readonly summary: string;
  /** What may follow its words: two uses that help shows. */
  readonly examples?: readonly string[];
  /** Loads it once it is chosen. A row without it only holds the commands whose path begins with its own. */
  readonly load?: () => Promise<CommandModule>;
}

/** All commands, by their groups. A new command is a file in `commands/` and a row here. */
export const commands: readonly CommandRow[] = [
  {
    path: "copy",
    alias: "cp",
    group: "Transfer",
    summary: "copy an image from one place to another; its digest stays the same",
    examples: [
      "alpine:3.20 localhost:5000/alpine:3.20",
      "--all-tags ghcr.io/acme/app localhost:5000/acme/app",
    ],
    load: () => import("./commands/transfer/copy.ts"),
  },
  {
    path: "export",
    group: "Transfer",
    summary: "write the file system of an image as a tarball",
    examples: ["alpine:3.20 rootfs.tar", "--platform linux/arm64 alpine:3.20 | tar x"],
    load: () => import("./commands/transfer/export.ts"),
  },
  {
    path: "flatten",
    group: "Transfer",
    summary: "make one layer of all layers of an image",
    examples: ["localhost:5000/app:v1", "--tag localhost:5000/app:flat ghcr.io/acme/app:v1"],
    load: () => import("./commands/transfer/flatten.ts"),
  },
  {
    path: "attach",
    group: "Transfer",
    summary: "attach files to an image, such as a signature or an SBOM",
    examples: [
      "--artifact-type application/spdx+json localhost:5000/app:v1 sbom.json:application/spdx+json",
      "--artifact-type application/vnd.example.note -a by=me localhost:5000/app:v1",
    ],
    load: () => import("./commands/transfer/attach.ts"),
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
    load: () => import("./commands/transfer/pull.ts"),
  },
  {
    path: "push",
    group: "Transfer",
    summary: "push what is in an archive, an OCI image layout or the store",
    examples: ["app.tar localhost:5000/app:v1", "--index ./images ghcr.io/acme/app:v1"],
    load: () => import("./commands/transfer/push.ts"),
  },
  {
    path: "blob",
    group: "Inspect",
    summary: "write a blob from a registry to standard output",
    examples: ["alpine@sha256:44136fa3… > layer.tar.gz", "localhost:5000/app@sha256:44136fa3… | tar tz"],
    load: () => import("./commands/inspect/blob.ts"),
  },
  {
    path: "cat",
    group: "Inspect",
    summary: "write a file of an image to standard output",
    examples: ["alpine:3.20 /etc/os-release", "localhost:5000/app:v1 etc/passwd"],
    load: () => import("./commands/inspect/cat.ts"),
  },
  {
    path: "config",
    group: "Inspect",
    summary: "print the config of an image",
    examples: ["alpine:3.20", "--platform linux/arm64 ghcr.io/acme/app:v1"],
    load: () => import("./commands/inspect/config.ts"),
  },
  {
    path: "digest",
    group: "Inspect",
    summary: "print the digest of an image or index",
    examples: ["alpine:3.20", "--full-ref --platform linux/arm64 alpine:3.20"],
    load: () => import("./commands/inspect/digest.ts"),
  },
  {
    path: "diff",
    group: "Inspect",
    summary: "tell what is different between two images",
    examples: ["app:v1 app:v2", "--semantic alpine:3.20 localhost:5000/app:v1"],
    load: () => import("./commands/inspect/diff.ts"),
  },
  {
    path: "du",
    group: "Inspect",
    summary: "tell what each layer of an image adds, hides and wastes",
    examples: ["alpine:3.20", "--json localhost:5000/app:v1"],
    load: () => import("./commands/inspect/du.ts"),
  },
  {
    path: "files",
    group: "Inspect",
    summary: "list the files of an image",
    examples: ["alpine:3.20", "--long alpine:3.20 etc"],
    load: () => import("./commands/inspect/files.ts"),
  },
  {
    path: "history",
    group: "Inspect",
    summary: "tell how an image came about",
    examples: ["alpine:3.20", "--json localhost:5000/app:v1"],
    load: () => import("./commands/inspect/history.ts"),
  },
  {
    path: "inspect",
    group: "Inspect",
    summary: "tell on one page what an image or index is",
    examples: ["alpine:3.20", "--json --platform linux/arm64 ghcr.io/acme/app:v1"],
    load: () => import("./commands/inspect/inspect.ts"),
  },
  {
    path: "manifest",
    group: "Inspect",
    summary: "print the manifest of an image, or an index",
    examples: ["alpine:3.20", "--platform linux/arm64 ghcr.io/acme/app:v1"],
    load: () => import("./commands/inspect/manifest.ts"),
  },
  {
    path: "referrers",
    group: "Inspect",
    summary: "list what belongs to an image: signatures, SBOMs, attestations",
    examples: ["ghcr.io/acme/app:v1", "--json --artifact-type application/spdx+json ghcr.io/acme/app:v1"],
    load: () => import("./commands/inspect/referrers.ts"),
  },
  {
    path: "tree",
    group: "Inspect",
    summary: "show what an image or index leads to, and what refers to it",
    examples: ["alpine:3.20", "--json ghcr.io/acme/app:v1"],
    load: () => import("./commands/inspect/tree.ts"),
  },
  {
    path: "validate",
    group: "Inspect",
    summary: "read images whole and tell what is wrong with them",
    examples: ["--remote alpine:3.20", "--tarball app.tar --layout ./images"],
    load: () => import("./commands/inspect/validate.ts"),
  },
  {
    path: "append",
    group: "Edit",
    summary: "append layers to an image, or make one of them",
    examples: [
      "-b alpine:3.20 -f app.tar.gz -t localhost:5000/app:v1",
      "-f ./dist -o app.tar -t app:v1",
    ],
    load: () => import("./commands/edit/append.ts"),
  },
  { path: "edit", group: "Edit", summary: "edit a document or a file of an image" },
  {
    path: "edit config",
    group: "Edit",
    summary: "edit the config of an image with $EDITOR, or from standard input",
    examples: ["localhost:5000/app:v1", "localhost:5000/app:v1 -t localhost:5000/app:v2 < config.json"],
    load: () => import("./commands/edit/edit_config.ts"),
  },
  {
    path: "edit fs",
    group: "Edit",
    summary: "edit a file in an image with $EDITOR, or from standard input",
    examples: ["localhost:5000/app:v1 -f /etc/motd", "localhost:5000/app:v1 -f /etc/motd < motd"],
    load: () => import("./commands/edit/edit_fs.ts"),
  },
  {
    path: "edit manifest",
    group: "Edit",
    summary: "edit the manifest of an image, or an index, with $EDITOR or from standard input",
    examples: ["localhost:5000/app:v1", "localhost:5000/app:v1 -t localhost:5000/app:v2 < manifest.json"],
    load: () => import("./commands/edit/edit_manifest.ts"),
  },
  {
    path: "mutate",
    group: "Edit",
    summary: "change the config, the layers or the annotations of an image",
    examples: [
      "localhost:5000/app:v1 --cmd /app -e A=1 -t localhost:5000/app:v2",
      "ghcr.io/acme/app:v1 --layer-compress zstd --time-max 1700000000 -t localhost:5000/app:v1",
    ],
    load: () => import("./commands/edit/mutate.ts"),
  },
  {
    path: "rebase",
    group: "Edit",
    summary: "put an image on another base",
    examples: [
      "localhost:5000/app:v1 --old_base alpine:3.19 --new_base alpine:3.20",
      "--check ghcr.io/acme/app:v1",
    ],
    load: () => import("./commands/edit/rebase.ts"),
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
    load: () => import("./commands/index/annotate.ts"),
  },
  {
    path: "index append",
    group: "Edit",
    summary: "append manifests to an index",
    examples: [
      "localhost:5000/app:v1 -m localhost:5000/app:arm64",
      "-m app-amd64.tar -m app-arm64.tar -t localhost:5000/app:v1",
    ],
    load: () => import("./commands/index/append.ts"),
  },
  {
    path: "index create",
    group: "Edit",
    summary: "make an index of images",
    examples: [
      "-t localhost:5000/app:v1 localhost:5000/app:amd64 localhost:5000/app:arm64",
      "-t localhost:5000/app:v1 -a version=1 app-amd64.tar app-arm64.tar",
    ],
    load: () => import("./commands/index/create.ts"),
  },
  {
    path: "index filter",
    group: "Edit",
    summary: "keep some platforms of an index",
    examples: [
      "ghcr.io/acme/app:v1 --platform linux/amd64 --platform linux/arm64 -t localhost:5000/app:v1",
      "localhost:5000/app:v1 --platform linux",
    ],
    load: () => import("./commands/index/filter.ts"),
  },
  {
    path: "index list",
    group: "Edit",
    summary: "list what an index names",
    examples: ["alpine:3.20", "--json ./images"],
    load: () => import("./commands/index/list.ts"),
  },
  {
    path: "index remove",
    group: "Edit",
    summary: "take manifests out of an index",
    examples: ["localhost:5000/app:v1 linux/386", "localhost:5000/app:v1 sha256:44136fa3…"],
    load: () => import("./commands/index/remove.ts"),
  },
  { path: "auth", group: "Registry", summary: "log in to registries" },
  {
    path: "auth get",
    group: "Registry",
    summary: "print the credentials for a registry, as Docker's credential helpers do",
    examples: ["ghcr.io", "quay.io/acme"],
    load: () => import("./commands/registry/auth/get.ts"),
  },
  {
    path: "auth login",
    group: "Registry",
    summary: "check a name and a password, and keep them where docker login does",
    examples: ["ghcr.io -u acme --password-stdin < token", "docker.io -u acme -p dckr_pat_1234"],
    load: () => import("./commands/registry/auth/login.ts"),
  },
  {
    path: "auth logout",
    group: "Registry",
    summary: "remove the credentials for a registry",
    examples: ["ghcr.io", "docker.io"],
    load: () => import("./commands/registry/auth/logout.ts"),
  },
  {
    path: "auth token",
    group: "Registry",
    summary: "print a token of a registry for a repository",
    examples: ["alpine", "-H --push --mount alpine ghcr.io/acme/app"],
    load: () => import("./commands/registry/auth/token.ts"),
  },
  {
    path: "catalog",
    group: "Registry",
    summary: "list the repositories of a registry",
    examples: ["localhost:5000", "--json registry.example.com"],
    load: () => import("./commands/registry/catalog.ts"),
  },
  {
    path: "delete",
    group: "Registry",
    summary: "delete a tag, or a manifest by its digest",
    examples: ["localhost:5000/app:old", "localhost:5000/app@sha256:44136fa3…"],
    load: () => import("./commands/registry/delete.ts"),
  },
  {
    path: "ls",
    group: "Registry",
    summary: "list the tags of a repository",
    examples: ["alpine", "--json --omit-digest-tags ghcr.io/acme/app"],
    load: () => import("./commands/registry/ls.ts"),
  },
  { path: "layout", group: "Other", summary: "look after OCI image layouts" },
  {
    path: "layout gc",
    group: "Other",
    summary: "remove the blobs of a layout that nothing names",
    examples: ["./images", "--untagged --grace 3600 ./images"],
    load: () => import("./commands/layout/gc.ts"),
  },
  { path: "registry", group: "Registry", summary: "serve a registry" },
  {
    path: "registry serve",
    group: "Registry",
    summary: "serve a registry until the process is ended",
    examples: ["--address :5000 --disk ./registry", "--config registry.json"],
    load: () => import("./commands/registry/serve.ts"),
  },
  {
    path: "registry check-config",
    group: "Registry",
    summary: "tell whether the configuration of a registry is right",
    examples: ["registry.json", "/etc/gantry/registry.json"],
    load: () => import("./commands/registry/check_config.ts"),
  },
  {
    path: "ratelimit",
    group: "Registry",
    summary: "tell how many pulls a registry still allows",
    examples: ["alpine", "--json library/alpine:3.20"],
    load: () => import("./commands/registry/ratelimit.ts"),
  },
  {
    path: "tag",
    group: "Registry",
    summary: "give an image in a registry one more tag",
    examples: ["localhost:5000/app:v1 stable", "ghcr.io/acme/app@sha256:44136fa3… v1"],
    load: () => import("./commands/registry/tag.ts"),
  },
  { path: "images", group: "Store", summary: "images of the store" },
  {
    path: "images ls",
    group: "Store",
    summary: "list the images of the store",
    examples: ["", "name~=alpine,labels.env==prod"],
    load: () => import("./commands/store/images_ls.ts"),
  },
  {
    path: "images tag",
    group: "Store",
    summary: "give an image of the store one more name",
    examples: ["alpine:3.20 acme/base:v1", "--force alpine:3.20 acme/base:v1"],
    load: () => import("./commands/store/images_tag.ts"),
  },
  {
    path: "images rm",
    group: "Store",
    summary: "take names of images away",
    examples: ["alpine:3.20", "--sync alpine:3.20 acme/base:v1"],
    load: () => import("./commands/store/images_rm.ts"),
  },
  {
    path: "images label",
    group: "Store",
    summary: "set the labels of an image",
    examples: ["alpine:3.20 env=prod", "--replace-all alpine:3.20 env=test"],
    load: () => import("./commands/store/images_label.ts"),
  },
  {
    path: "images check",
    group: "Store",
    summary: "tell which images of the store are whole",
    examples: ["", "--platform all name~=alpine"],
    load: () => import("./commands/store/images_check.ts"),
  },
  {
    path: "images usage",
    group: "Store",
    summary: "tell how much of the disk an image takes",
    examples: ["alpine:3.20", "--json alpine:3.20"],
    load: () => import("./commands/store/images_usage.ts"),
  },
  { path: "content", group: "Store", summary: "content of the store" },
  {
    path: "content ls",
    group: "Store",
    summary: "list the content of the store",
    examples: ["", "labels.env==prod"],
    load: () => import("./commands/store/content_ls.ts"),
  },
  {
    path: "content get",
    group: "Store",
    summary: "write content of the store to standard output",
    examples: ["sha256:44136fa3…", "sha256:44136fa3… > config.json"],
    load: () => import("./commands/store/content_get.ts"),
  },
  {
    path: "content fetch",
    group: "Store",
    summary: "fetch what belongs to an image, and give it no tag",
    examples: ["alpine:3.20", "--platform all ghcr.io/acme/app:v1"],
    load: () => import("./commands/store/content_fetch.ts"),
  },
  {
    path: "content label",
    group: "Store",
    summary: "set the labels of content",
    examples: ["sha256:44136fa3… env=prod", "sha256:44136fa3… env="],
    load: () => import("./commands/store/content_label.ts"),
  },
  {
    path: "content rm",
    group: "Store",
    summary: "remove content that nothing needs",
    examples: ["sha256:44136fa3…", "sha256:44136fa3… sha256:0b9f4a1c…"],
    load: () => import("./commands/store/content_rm.ts"),
  },
  {
    path: "content active",
    group: "Store",
    summary: "list the content that is being written",
    examples: ["", "--json ref~=^pull-"],
    load: () => import("./commands/store/content_active.ts"),
  },
  { path: "leases", group: "Store", summary: "leases of the store" },
  {
    path: "leases ls",
    group: "Store",
    summary: "list what keeps content from the collection of garbage",
    examples: ["", "--json"],
    load: () => import("./commands/store/leases_ls.ts"),
  },
  {
    path: "leases create",
    group: "Store",
    summary: "keep images or content from the collection of garbage",
    examples: ["--id release alpine:3.20", "--expires 3600 sha256:44136fa3…"],
    load: () => import("./commands/store/leases_create.ts"),
  },
  {
    path: "leases rm",
    group: "Store",
    summary: "end leases",
    examples: ["release", "--sync release"],
    load: () => import("./commands/store/leases_rm.ts"),
  },
  { path: "store", group: "Store", summary: "the store itself" },
  {
    path: "store gc",
    group: "Store",
    summary: "remove what nothing refers to any longer",
    examples: ["", "--dry-run --grace 0"],
    load: () => import("./commands/store/store_gc.ts"),
  },
  {
    path: "store fsck",
    group: "Store",
    summary: "read all content of the store, and tell what is wrong",
    examples: ["", "--repair --json"],
    load: () => import("./commands/store/store_fsck.ts"),
  },
  {
    path: "store du",
    group: "Store",
    summary: "tell how much of the disk the store takes",
    examples: ["", "--store ./store --json"],
    load: () => import("./commands/store/store_du.ts"),
  },
  {
    path: "version",
    group: "Other",
    summary: "print the version",
    examples: ["", "--json"],
    load: () => import("./commands/version.ts"),
  },
];
