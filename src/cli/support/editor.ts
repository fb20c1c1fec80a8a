import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Buffer } from "node:buffer";
import { type Bytes, concat } from "../../bytes.ts";
import { GantryError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";

/** The most that is edited, in bytes. */
const limit = 64 * 1024 * 1024;

/**
 * What a document becomes: what standard input has, or where that is a terminal what `$EDITOR` makes of it. `name` is what
 * the editor shows.
 */
export async function edited(document: Bytes, name: string, context: CommandContext): Promise<Bytes> {
  return process.stdin.isTTY ? await inEditor(document, name, context) : await readInput();
}

async function readInput(): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) {
      throw new GantryError("too-large", `edit: more than ${limit} bytes on standard input`);
    }
  }
  return concat(chunks, length);
}

async function inEditor(document: Bytes, name: string, { environment }: CommandContext): Promise<Bytes> {
  const editor = environment.env["EDITOR"];
  if (!editor) {
    throw new GantryError("unsupported", "edit: $EDITOR says no editor, and standard input is a terminal");
  }
  const directory = await mkdtemp(join(tmpdir(), "gantry-edit-"));
  try {
    const path = join(directory, name);
    await writeFile(path, document, { mode: 0o600 });
    const [program, ...args] = editor.split(" ");
    await runEditor(program!, [...args, path]);
    return new Uint8Array(Buffer.from(await readFile(path)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function runEditor(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    child.once(
      "error",
      (cause) => reject(new GantryError("unsupported", `edit: ${program} does not start`, { cause })),
    );
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new GantryError("unavailable", `edit: ${program} ended with ${code}`));
    });
  });
}
