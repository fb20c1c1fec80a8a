import { type Command, Option } from "commander";
import { GantryError } from "../../../errors.ts";
import type { CommandContext } from "../../context.ts";
import { importRegistry } from "../../support/serve/import_registry.ts";
import { isOlder } from "../../support/serve/take_over.ts";

/** `gantry registry import` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<directory>", "where the other registry keeps its images: its rootdirectory")
    .requiredOption("--disk <directory>", "what `registry serve --disk` is going to serve, or serves")
    .addOption(
      new Option("--from <registry>", "whose directory it is")
        .choices(["docker-registry"]).default("docker-registry"),
    )
    .action((directory: string, { disk }: { disk: string }) => run(directory, disk, context));
}

async function run(directory: string, disk: string, context: CommandContext): Promise<void> {
  const { signal } = context;
  const action = `import ${JSON.stringify(directory)}`;
  if (await isOlder(disk)) {
    throw new GantryError("unsupported", `${action}: an older version made ${disk}; serve it once before`);
  }
  const { store } = await import("../../../store/mod.ts");
  await using there = store(disk, { link: true });
  let problems = 0;
  await importRegistry(directory, there, {
    signal,
    onProblem(line) {
      problems++;
      void context.log(line);
    },
    onRepository: ({ repository, manifests, blobs, tags }) =>
      context.print(`${repository}: ${manifests} manifests, ${blobs} blobs, ${tags} tags\n`),
  });
  if (problems === 0) return;
  const reason = `${problems} things are wrong or missing, all else is in ${disk}`;
  throw new GantryError("not-found", `${action}: ${reason}`);
}
