import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

/** The headings under which help lists commands. */
export type CommandGroup = "Transfer" | "Inspect" | "Registry" | "Other";

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
    load: () => import("./commands/transfer/copy.ts"),
  },
  {
    path: "pull",
    group: "Transfer",
    summary: "pull images into a tarball, or an OCI image layout",
    load: () => import("./commands/transfer/pull.ts"),
  },
  {
    path: "push",
    group: "Transfer",
    summary: "push what is in an archive or an OCI image layout",
    load: () => import("./commands/transfer/push.ts"),
  },
  {
    path: "blob",
    group: "Inspect",
    summary: "write a blob from a registry to standard output",
    load: () => import("./commands/inspect/blob.ts"),
  },
  {
    path: "config",
    group: "Inspect",
    summary: "print the config of an image",
    load: () => import("./commands/inspect/config.ts"),
  },
  {
    path: "digest",
    group: "Inspect",
    summary: "print the digest of an image or index",
    load: () => import("./commands/inspect/digest.ts"),
  },
  {
    path: "manifest",
    group: "Inspect",
    summary: "print the manifest of an image, or an index",
    load: () => import("./commands/inspect/manifest.ts"),
  },
  {
    path: "validate",
    group: "Inspect",
    summary: "read images whole and tell what is wrong with them",
    load: () => import("./commands/inspect/validate.ts"),
  },
  {
    path: "catalog",
    group: "Registry",
    summary: "list the repositories of a registry",
    load: () => import("./commands/registry/catalog.ts"),
  },
  {
    path: "delete",
    group: "Registry",
    summary: "delete a tag, or a manifest by its digest",
    load: () => import("./commands/registry/delete.ts"),
  },
  {
    path: "ls",
    group: "Registry",
    summary: "list the tags of a repository",
    load: () => import("./commands/registry/ls.ts"),
  },
  { path: "registry", group: "Registry", summary: "serve a registry" },
  {
    path: "registry serve",
    group: "Registry",
    summary: "serve a registry until the process is ended",
    load: () => import("./commands/registry/serve.ts"),
  },
  {
    path: "tag",
    group: "Registry",
    summary: "give an image in a registry one more tag",
    load: () => import("./commands/registry/tag.ts"),
  },
  {
    path: "version",
    group: "Other",
    summary: "print the version",
    load: () => import("./commands/version.ts"),
  },
];
