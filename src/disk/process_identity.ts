import type { FileHandle } from "node:fs/promises";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import { errno } from "./errors.ts";

/** Who holds a lock or lease. */
export interface Owner {
  /** Number of the process. */
  pid: number;
  /** Where process numbers mean the same: this boot of this machine and this namespace, as far as it can be told. */
  machine: string | null;
  /** When the process was started, as the kernel counts; tells it from a later one of the same number. */
  started: string | null;
}

/** How often a holder shows that it lives, in milliseconds. */
const beat = 2_000;
/** After what silence it is taken for dead by those who cannot see its process, in milliseconds. */
const stale = 30_000;

/** Found out once: none of it changes as long as the process lives. */
let machine: Promise<string | null> | undefined, owner: Promise<Owner> | undefined;

/** Tells who this process is. What a sandbox keeps from it stays unknown. */
export function thisOwner(): Promise<Owner> {
  return owner ??= findOwner();
}

async function findOwner(): Promise<Owner> {
  const { pid } = process;
  const [machine, stat] = await Promise.all([machineName(), processStat(pid)]);
  return { pid, machine, started: stat?.started ?? null };
}

/**
 * Whether an owner whose file was last touched at `touched` is still at work. Where process numbers mean the same,
 * its process tells: then a killed one is dead at once. Elsewhere its heartbeat does.
 */
export async function isAlive(owner: Owner | undefined, touched: number): Promise<boolean> {
  const beating = Date.now() - touched < stale;
  if (!owner?.machine || owner.machine !== await machineName()) return beating;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (errno(error) === "ESRCH") return false;
    if (errno(error) !== "EPERM") return beating; // Deno without --allow-run
  }
  const stat = await processStat(owner.pid);
  if (!stat || !owner.started) return beating;
  return stat.started === owner.started && !"ZX".includes(stat.state); // a zombie runs no more
}

/** Whether both are one process. */
export function isSameProcess(a: Owner | undefined, b: Owner): boolean {
  return a?.pid === b.pid && a.machine === b.machine && a.started === b.started;
}

/** Touches a file every so many milliseconds, until told to stop; does not keep the process from ending. */
export function heartbeat(file: FileHandle, every: number = beat): () => void {
  const timer = setInterval(() => {
    const now = new Date();
    file.utimes(now, now).catch(() => {});
  }, every);
  timer.unref();
  return () => clearInterval(timer);
}

/** The owner written in a file, if it is all there. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return Number.isSafeInteger(owner?.pid) ? owner as Owner : undefined;
  } catch {
    return undefined;
  }
}

function machineName(): Promise<string | null> {
  return machine ??= findMachineName();
}

async function findMachineName(): Promise<string | null> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()} ${await readlink("/proc/self/ns/pid")}`;
  } catch {
    try {
      return hostname();
    } catch {
      return null;
    }
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the command in parentheses may hold anything. */
async function processStat(pid: number): Promise<{ state: string; started: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] && fields[19] ? { state: fields[0], started: fields[19] } : undefined;
  } catch {
    return undefined;
  }
}
