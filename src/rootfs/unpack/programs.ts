import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";

/** How a program ended. */
export interface Ended {
  ok: boolean;
  /** What it said, or why there was nothing to say. */
  message: string;
}

/** Runs a program for what no runtime can do itself; never throws. */
export function run(program: string, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const failed = (error: unknown) => {
      const { code } = error as { code?: unknown };
      const message = code === "ENOENT" ? `there is no ${program} on this system` : `cannot run ${program}`;
      resolve({ ok: false, message });
    };
    try {
      const child = spawn(program, args, {
        stdio: ["pipe", "ignore", "pipe"],
        env: { LC_ALL: "C", PATH: path },
      });
      const said: Uint8Array[] = [];
      child.on("error", failed);
      child.stdin.on("error", () => {}); // it ended before it had read all
      child.stderr.on("data", (chunk: Uint8Array) => void said.push(chunk));
      child.on(
        "close",
        (code) => resolve({ ok: code === 0, message: lastLine(Buffer.concat(said).toString()) }),
      );
      child.stdin.end(input);
    } catch (error) {
      failed(error);
    }
  });
}

/** Only the system's own programs: what a caller has put before them is not asked. */
const path = "/usr/sbin:/usr/bin:/sbin:/bin";

/** The reason at the end of what programs say: `mknod: /proc/…/3: Operation not permitted`. */
function lastLine(text: string): string {
  const line = text.trimEnd().split("\n").at(-1)!;
  return line.slice(line.lastIndexOf(": ") + 1).trim();
}
