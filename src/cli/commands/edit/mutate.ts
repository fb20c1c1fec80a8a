import { type Command, InvalidArgumentError } from "commander";
import { annotate, type Image, Index } from "../../../image/mod.ts";
import type { Healthcheck } from "../../../spec/config.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, editRoot, writeEdited } from "../../support/edited.ts";
import { layersFrom } from "../../support/layer_files.ts";
import { addPair, addPairs, addValue, addValues } from "../../support/lists.ts";
import { changeConfig, type ConfigFlags } from "../../support/mutate_config.ts";
import { changeContent, type ContentFlags } from "../../support/mutate_content.ts";
import { openSelected } from "../../support/open.ts";
import { parsePlatformOption } from "../../support/options.ts";
import { addTransferOptions } from "../../support/transfer.ts";
import { appendAll } from "./append.ts";

interface MutateFlags extends DestinationFlags, ConfigFlags, ContentFlags {
  annotation?: Record<string, string>;
  annotationRm?: string[];
  append?: string[];
}

/** `gantry mutate` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command).argument("<image>", "all platforms of an index, or those of --platform");
  addConfigOptions(command);
  addContentOptions(command);
  command
    .option("-a, --annotation <name=value>", "set annotations of the manifest", addPairs)
    .option("--annotation-rm <name>", "remove annotations of the manifest", addValues)
    .option("--append <path>", "a layer to append, as with append", addValues)
    .option("-t, --tag <image>", "where to write it (default: where it came from)")
    .option("--repo <repository>", "write it into this repository, without a name")
    .option("-o, --output <file>", "write a tarball instead")
    .action((from: string, flags: MutateFlags) => mutate(from, flags, context));
}

function addConfigOptions(command: Command): void {
  command
    .option("--cmd <argument>", "set the command", addValues)
    .option("--entrypoint <argument>", "set the entrypoint, and remove the command", addValues)
    .option("-e, --env <name=value>", "set variables", addPair)
    .option("--env-rm <name>", "remove variables", addValues)
    .option("-l, --label <name=value>", "set labels", addPairs)
    .option("--label-rm <name>", "remove labels", addValues)
    .option("-u, --user <user>", "set the user")
    .option("-w, --workdir <directory>", "set the working directory")
    .option("--exposed-ports <port>", "set the ports that are exposed", addValues)
    .option("--expose-add <port>", "add ports", addValues)
    .option("--expose-rm <port>", "remove ports", addValues)
    .option("--volume-add <path>", "add volumes", addValues)
    .option("--volume-rm <path>", "remove volumes", addValues)
    .option("--stop-signal <signal>", "set the signal that asks to stop")
    .option("--shell <argument>", "set the shell", addValues)
    .option("--on-build <instruction>", "set instructions for builds on top", addValue)
    .option(
      "--healthcheck <json>",
      "set how to tell whether it is well, as the config has it; null for none",
      parseHealthcheck,
    )
    .option("--author <author>", "set the author")
    .option("--created <time>", "set when it was made, in RFC 3339")
    .option("--set-platform <platform>", "set the platform", parsePlatformOption);
}

function addContentOptions(command: Command): void {
  command
    .option("--to-oci", "change media types to OCI's")
    .option("--to-docker", "change media types to Docker's")
    .option("--layer-compress <algorithm>", "compress layers anew: gzip, zstd or none")
    .option("--layer-level <level>", "how hard to compress them", Number)
    .option("--layer-rm-index <number>", "remove a layer, from 0 at the base", addNumber)
    .option("--layer-rm-created-by <pattern>", "remove layers whose history matches", addValue)
    .option("--layer-strip-file <pattern>", "remove files from all layers", addValue)
    .option("--time <instant>", "set all times, to seconds since 1970 or RFC 3339", parseInstant)
    .option("--time-max <instant>", "set only times that are later", parseInstant)
    .option("--reproducible", "remove what depends on when and where it was built")
    .option("--subject <image>", "say which manifest it is about")
    .option("--external-urls-rm", "remove where else layers may be had from");
}

async function mutate(from: string, flags: MutateFlags, context: CommandContext): Promise<void> {
  const root = await openSelected(from, context);
  const layers = await layersFrom(flags.append ?? []);
  const change = async (image: Image) => {
    const configured = await changeConfig(await appendAll(image, layers, context), flags, context);
    return await changeContent(configured, flags, context);
  };
  const edited = await editRoot(root, change, context);
  const noted = edited instanceof Index ? edited.edit(notes(flags)) : edited.edit(notes(flags));
  await writeEdited(noted, from, flags, context);
}

function notes({ annotation = {}, annotationRm = [] }: MutateFlags) {
  return annotate({ ...Object.fromEntries(annotationRm.map((name) => [name, null])), ...annotation });
}

/** In an object, as an option's own value cannot be null. */
function parseHealthcheck(text: string): { value: Healthcheck | null } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && !Array.isArray(value)) return { value: value as Healthcheck | null };
  } catch {
    // told below
  }
  throw new InvalidArgumentError("It is not a JSON object, nor null.");
}

function addNumber(text: string, before: number[] = []): number[] {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It is not a number.");
  return [...before, Number(text)];
}

function parseInstant(text: string): Date {
  const instant = /^\d{1,11}$/.test(text) ? new Date(Number(text) * 1000) : new Date(text);
  if (Number.isNaN(instant.getTime())) throw new InvalidArgumentError("It is not an instant.");
  return instant;
}
