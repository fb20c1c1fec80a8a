import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings the faster gunzip
import { openTree, type TreeFile } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openOne } from "../../support/open.ts";
import { jsonOption } from "../../support/options.ts";
import { quoteName, timeText } from "../../support/text.ts";

interface FilesFlags {
  json?: boolean;
  long?: boolean;
}

/** `gantry files` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .argument("[path]", "only what is below it")
    .option("-l, --long", "also mode, owner, size, time and what links point to")
    .addOption(jsonOption())
    .action((from: string, below: string | undefined, flags: FilesFlags) =>
      list(from, below, flags, context)
    );
}

async function list(
  from: string,
  below: string | undefined,
  flags: FilesFlags,
  context: CommandContext,
): Promise<void> {
  await using tree = await openTree(await openOne(from, context), { content: false, signal: context.signal });
  const top = below?.replace(/^[./]+|\/+$/g, "") ?? "";
  const files = [...tree.files()].filter(({ path }) =>
    top === "" || path === top || path.startsWith(`${top}/`)
  );
  if (flags.json) return await context.printJson({ image: from, files: files.map(asJson) });
  for (let at = 0; at < files.length; at += 1000) {
    const lines = files.slice(at, at + 1000).map((file) =>
      `${flags.long ? longLine(file) : quoteName(file.path)}\n`
    );
    await context.print(lines.join(""));
  }
}

function asJson({ mtime, ...file }: TreeFile): object {
  return { ...file, mode: file.mode.toString(8).padStart(4, "0"), mtime: timeText(mtime) };
}

const letters: Record<TreeFile["type"], string> = {
  "file": "-",
  "directory": "d",
  "symlink": "l",
  "hardlink": "h",
  "character-device": "c",
  "block-device": "b",
  "fifo": "p",
  "other": "?",
};

/** As `tar tv` prints it. */
function longLine(
  { type, mode, uid, gid, size, mtime, path, linkname, devmajor, devminor }: TreeFile,
): string {
  const what = type.endsWith("device") ? `${devmajor},${devminor}` : `${size}`;
  const link = linkname === undefined ? "" : type === "symlink" ? ` -> ${linkname}` : ` link to ${linkname}`;
  const owner = `${uid}/${gid}`.padEnd(9);
  return `${letters[type]}${modeText(mode)} ${owner} ${what.padStart(10)} ${timeText(mtime)} ${
    quoteName(path + link)
  }`;
}

/** The bits of a mode as `ls` prints them. */
function modeText(mode: number): string {
  const bits = (shift: number, special: boolean, letter: string) => {
    const three = mode >> shift;
    const execute = three & 1 ? (special ? letter : "x") : special ? letter.toUpperCase() : "-";
    return (three & 4 ? "r" : "-") + (three & 2 ? "w" : "-") + execute;
  };
  return bits(6, (mode & 0o4000) !== 0, "s") + bits(3, (mode & 0o2000) !== 0, "s") +
    bits(0, (mode & 0o1000) !== 0, "t");
}
