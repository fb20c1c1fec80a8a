import { readFile, stat } from "node:fs/promises";
import { storageError } from "../../../disk/errors.ts";
import type { Certificate, Listening } from "../../../server/node.ts";
import type { ServeConfig } from "./config.ts";

/** How often the files are looked at, in milliseconds. */
const interval = 10_000;

/** The certificate in two files. */
export async function readCertificate({ cert, key }: NonNullable<ServeConfig["tls"]>): Promise<Certificate> {
  const read = async (path: string) => {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      throw storageError(`read ${JSON.stringify(path)}`, error);
    }
  };
  return { cert: await read(cert), key: await read(key) };
}

/** Presents the certificate anew when its files change, until the signal. One that cannot be read is told of. */
export function renewCertificate(
  files: NonNullable<ServeConfig["tls"]>,
  listening: Listening,
  log: (line: string) => void,
  signal: AbortSignal,
): void {
  const changed = async () =>
    (await Promise.all([stat(files.cert), stat(files.key)])).map(({ mtimeMs }) => mtimeMs).join();
  let known = changed().catch(() => "");
  const look = async () => {
    const now = await changed();
    if (now === await known) return;
    listening.renew(await readCertificate(files));
    known = Promise.resolve(now);
    log("presenting another certificate");
  };
  const timer = setInterval(() => {
    look().catch((error) => log(`the certificate is not renewed: ${error.message}`));
  }, interval);
  timer.unref?.();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
