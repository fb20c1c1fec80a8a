import type { CopyEvent } from "../../copy/mod.ts";
import { isDocumentType } from "../../spec/media_type.ts";
import type { CommandContext } from "../context.ts";
import { ProgressDisplay } from "./progress_display.ts";

/** How progress is told. */
export interface ProgressFlags {
  /** Events, one JSON object a line, on standard output. */
  json?: boolean;
  /** Not at all. */
  quiet?: boolean;
}

/** What tells of progress. */
export interface Progress {
  event(event: CopyEvent): void;
  /** To be called when all is done, or nothing more will be. Waits until all is written. */
  end(): Promise<void>;
}

/** Between two events of one part that tell of its bytes there are so many milliseconds. */
const pause = 100;

/** Tells of progress as the flags say: by default on a terminal in pictures, elsewhere a line for each part. */
export function progressOf(
  context: CommandContext,
  verb: string,
  flags: ProgressFlags,
): Progress | undefined {
  if (flags.json) return told(jsonLines(), (line) => context.print(`${line}\n`));
  if (flags.quiet) return undefined;
  const { stderr, env } = context.environment;
  if (!stderr.isTTY || env["TERM"] === "dumb") {
    return told(progressLines(verb), (line) => context.log(line));
  }
  let last = Promise.resolve();
  const display = new ProgressDisplay((text) => {
    last = new Promise((resolve) => stderr.write(text, () => resolve()));
  }, verb);
  return {
    event: (event) => display.event(event),
    end() {
      display.end();
      return last;
    },
  };
}

/** Writes a line for each event that has one. */
function told(
  lineOf: (event: CopyEvent) => string | undefined,
  write: (line: string) => Promise<void>,
): Progress {
  let last = Promise.resolve();
  return {
    event(event) {
      const line = lineOf(event);
      if (line !== undefined) last = write(line).catch(() => {}); // whoever reads it has gone; the work goes on
    },
    end: () => last,
  };
}

/** A line for each blob or manifest that is done, and none for other events. */
export function progressLines(verb: string): (event: CopyEvent) => string | undefined {
  const resumed = new Map<number, string>();
  return (event) => {
    if (event.type === "skipped") return `skipped ${event.digest ?? event.mediaType}: not to be distributed`;
    if (event.type === "resumed") resumed.set(event.id, ` (resumed at ${event.bytes} bytes)`);
    if (event.type !== "done") return undefined;
    const { digest, mediaType } = event.descriptor;
    const what = isDocumentType(mediaType) ? "manifest" : "blob";
    const became = { present: "existing", mounted: "mounted", written: verb }[event.how];
    return `${became} ${what}: ${digest}${resumed.get(event.id) ?? ""}`;
  };
}

function jsonLines(): (event: CopyEvent) => string | undefined {
  const shown = new Map<number, number>();
  return (event) => {
    const now = performance.now();
    if (event.type === "progress") {
      if (now - (shown.get(event.id) ?? -Infinity) < pause) return undefined;
      shown.set(event.id, now);
    }
    return JSON.stringify(event);
  };
}
