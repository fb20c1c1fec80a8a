import { Command, CommanderError } from "commander";
import type { CommandRow } from "./command_row.ts";
import { commands } from "./commands.ts";
import { CommandContext } from "./context.ts";
import { adviceFor } from "./support/advice.ts";
import { addMissingEngines } from "./support/engines.ts";
import { addGlobalOptions } from "./support/options.ts";
import { AlreadyTold, type CommandEnvironment, type GlobalOptions } from "./environment.ts";

/** The exit code when the reader of a pipe has gone, as shells report it: 128 + SIGPIPE. */
const brokenPipe = 141;

/** Runs the command with its arguments, and gives the exit code. An error is one line on standard error. */
export async function run(args: readonly string[], environment: CommandEnvironment): Promise<number> {
  let help = "";
  const program = new Command("gantry");
  const context = new CommandContext(environment, () => program.opts<GlobalOptions>());
  program
    .description("Moves container images, and looks into them and into registries")
    .exitOverride()
    .configureOutput({ writeOut: (text) => help += text, writeErr: () => {} });
  addGlobalOptions(program);
  try {
    const operands = program.parseOptions([...args]).operands;
    const words = operands[0] === "help" ? operands.slice(1) : operands;
    const only = operands[0] === "help" ? [] : rowsOf(words);
    const rows = addCommands(program, only.some(({ load }) => load) ? only : commands);
    if (args.length === 0) program.help();
    const chosen = findCommand(program, words);
    const row = rows.get(chosen);
    (await row?.load?.())?.define(chosen, context);
    if (row?.examples) chosen.addHelpText("after", () => examplesText(row));
    await addMissingEngines();
    await program.parseAsync([...args], { from: "user" });
    for (const problem of context.problems) await context.log(`Warning: ${oneLine(problem)}`);
    return 0;
  } catch (error) {
    return await report(error, context, help).catch(() => brokenPipe);
  }
}

/** The rows that words lead through: that of the command, before it those that hold it, and those that it holds. */
function rowsOf(words: readonly string[]): readonly CommandRow[] {
  const all = words.join(" ");
  return commands.filter(({ path, alias }) => {
    const wanted = words.slice(0, path.split(" ").length).join(" ");
    return wanted === path || wanted === alias || path.startsWith(`${all} `);
  });
}

/** Adds commands by their names and summaries. They get their arguments and options when they are chosen. */
function addCommands(program: Command, added: readonly CommandRow[]): Map<Command, CommandRow> {
  const rows = new Map<Command, CommandRow>();
  for (const row of added) {
    const words = row.path.split(" ");
    const parent = findCommand(program, words.slice(0, -1));
    const command = parent.command(words.at(-1)!).description(row.summary);
    if (parent === program) command.helpGroup(`${row.group}:`);
    if (row.alias !== undefined) command.alias(row.alias);
    if (!row.load) command.action(() => command.help());
    rows.set(command, row);
  }
  const help = program.createCommand("help").helpOption(false).description("display help for command");
  program.addHelpCommand(help.argument("[command]").helpGroup("Other:"));
  return rows;
}

function examplesText({ path, examples = [] }: CommandRow): string {
  return `\nExamples:\n${examples.map((rest) => `  $ gantry ${path} ${rest}`.trimEnd()).join("\n")}`;
}

/** The command that words lead to, as far as they are names of commands. */
function findCommand(program: Command, words: readonly string[]): Command {
  let found = program;
  for (const word of words) {
    const next = found.commands.find((command) =>
      command.name() === word || command.aliases().includes(word)
    );
    if (!next) break;
    found = next;
  }
  return found;
}

async function report(error: unknown, context: CommandContext, help: string): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) {
    await context.print(help);
    return 0;
  }
  if (error instanceof AlreadyTold) return 1;
  if ((error as NodeJS.ErrnoException)?.code === "EPIPE") return brokenPipe;
  const usual = context.problems.size > 0 ? undefined : adviceFor(error);
  const advice = context.signal.aborted ? context.advice : usual;
  const reasons = [...new Set([messageOf(error), ...[...context.problems].map(oneLine)])];
  await context.log(`Error: ${reasons.join("; ")}${advice ? `; ${advice}` : ""}`);
  return 1;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return oneLine(message.replace(/^error: /, ""));
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, " ").trim();
}
