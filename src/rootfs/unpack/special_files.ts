import type { Inode } from "../../tree/inode.ts";
import type { Owners } from "./owners.ts";
import { run } from "./programs.ts";
import type { Staging } from "./staging.ts";

/** What each of some inodes is not there for: those that could not be made. */
export type NotMade = Map<Inode, string>;

/** How many are made by one run of a program. */
const most = 500;

/** Makes FIFOs and devices under numbers. */
export async function makeSpecialFiles(
  inodes: readonly Inode[],
  staging: Staging,
  owners: Owners,
): Promise<NotMade> {
  const notMade: NotMade = new Map();
  const fifosOf = new Map<number, Inode[]>();
  for (const inode of inodes.filter(isFifo)) {
    const mode = owners.mode(inode.mode);
    const others = fifosOf.get(mode);
    if (others) others.push(inode);
    else fifosOf.set(mode, [inode]);
  }
  for (const [mode, fifos] of fifosOf) {
    for (let at = 0; at < fifos.length; at += most) {
      const some = fifos.slice(at, at + most);
      const paths = some.map((inode) => staging.directory.outside(staging.number(inode)));
      const { ok, message } = await run("mkfifo", ["-m", mode.toString(8), ...paths]);
      if (!ok) { for (const inode of some) notMade.set(inode, `FIFO: ${message}`); }
    }
  }
  for (const inode of inodes) {
    if (isFifo(inode)) continue;
    const { devmajor, devminor, mode } = inode;
    const type = inode.type === "character-device" ? "c" : "b";
    const { ok, message } = await makeDevice(staging, staging.number(inode), {
      type,
      numbers: [devmajor, devminor],
      mode: owners.mode(mode),
    });
    if (!ok) notMade.set(inode, `${inode.type.replace("-", " ")} ${devmajor}:${devminor}: ${message}`);
  }
  return notMade;
}

/** Makes a device under a number. */
export function makeDevice(
  staging: Staging,
  number: string,
  { type, numbers, mode }: { type: "b" | "c"; numbers: [number, number]; mode: number },
): ReturnType<typeof run> {
  const [major, minor] = numbers;
  return run("mknod", [
    "-m",
    mode.toString(8),
    staging.directory.outside(number),
    type,
    `${major}`,
    `${minor}`,
  ]);
}

/** Whether this is something that no runtime can make itself. */
export function isSpecial({ type }: Inode): boolean {
  return type === "fifo" || type === "character-device" || type === "block-device";
}

function isFifo({ type }: Inode): boolean {
  return type === "fifo";
}
