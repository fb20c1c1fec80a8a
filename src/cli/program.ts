import { Command, CommanderError, InvalidArgumentError } from "commander";
import { GantryError } from "../errors.ts";
import { parsePlatform, type Platform } from "../spec/platform.ts";
import { addBlob } from "./blob.ts";
import { addCatalog } from "./catalog.ts";
import { Cli, type Globals, type World } from "./cli.ts";
import { addConfig } from "./config.ts";
import { addCopy } from "./copy.ts";
import { addDelete } from "./delete.ts";
import { addDigest } from "./digest.ts";
import { addLs } from "./ls.ts";
import { addManifest } from "./manifest.ts";
import { addPull } from "./pull.ts";
import { addPush } from "./push.ts";
import { addRegistry } from "./registry.ts";
import { addTag } from "./tag.ts";
import { addValidate } from "./validate.ts";
import { addVersion } from "./version_command.ts";

/** The end of a process whose reader went away, as shells tell it. */
const brokenPipe = 141;

/** Runs the command with its arguments, and gives the code to exit with. Whatever happens, it says so in one line. */
export async function run(args: readonly string[], world: World): Promise<number> {
  let help = "";
  const program = new Command("gantry");
  const cli = new Cli(world, () => program.opts<Globals>());
  program
    .description("Moves container images, and looks into them and into registries")
    .exitOverride()
    .configureOutput({ writeOut: (text) => help += text, writeErr: () => {} })
    .option("--allow-nondistributable-artifacts", "allow pushing non-distributable (foreign) layers")
    .option("--insecure", "allow registries without TLS, or with certificates that nothing vouches for")
    .option(
      "--platform <platform>",
      "os/arch[/variant][:osversion] of an image, such as linux/amd64, or all",
      platformOf,
    )
    .option("-v, --verbose", "tell of every request");
  for (const add of commands) add(program, cli);
  try {
    if (args.length === 0) program.help();
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    return await report(error, cli, help).catch(() => brokenPipe);
  }
}

const commands: readonly ((program: Command, cli: Cli) => void)[] = [
  addBlob,
  addCatalog,
  addConfig,
  addCopy,
  addDelete,
  addDigest,
  addLs,
  addManifest,
  addPull,
  addPush,
  addRegistry,
  addTag,
  addValidate,
  addVersion,
];

async function report(error: unknown, cli: Cli, help: string): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) {
    await cli.print(help);
    return 0;
  }
  if ((error as NodeJS.ErrnoException)?.code === "EPIPE") return brokenPipe;
  await cli.log(`Error: ${messageOf(error)}`);
  return 1;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^error: /, "").replace(/\s*[\r\n]+\s*/g, " ").trim();
}

function platformOf(text: string): Platform | "all" {
  if (text === "all") return text;
  try {
    return parsePlatform(text);
  } catch (error) {
    if (!GantryError.is(error)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
