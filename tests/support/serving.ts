import type { ChildProcess } from "node:child_process";

/**
 * Waits until `gantry registry serve` says where it listens.
 *
 * @throws {Error} with all that it said, when it ends before that.
 */
export function portOf({ stderr }: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    stderr!.on("data", (chunk: Uint8Array) => {
      said += new TextDecoder().decode(chunk);
      const [, port] = /^serving on port (\d+)$/m.exec(said) ?? [];
      if (port) resolve(Number(port));
    });
    stderr!.once("end", () => reject(new Error(`it does not serve: ${said}`)));
  });
}
