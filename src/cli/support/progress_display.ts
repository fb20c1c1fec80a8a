import type { CopyEvent } from "../../copy/mod.ts";
import { isDocumentType } from "../../spec/media_type.ts";

/** Milliseconds between two pictures. */
const frame = 100;

/** A part under way. */
interface Running {
  name: string;
  size: number | undefined;
  bytes: number;
  /** Where an earlier attempt ended. */
  resumedAt: number;
  begun: number;
}

/**
 * Draws the progress of a transfer on a terminal: a line for each part, which stays when the part is done, and below
 * them a line for all. `write` gets text with control sequences; `verb` says what becomes of a part: `pulled`.
 */
export class ProgressDisplay {
  readonly #write: (text: string) => void;
  readonly #verb: string;
  readonly #now: () => number;
  readonly #running = new Map<number, Running>();
  readonly #begun: number;
  #done: string[] = [];
  #moved = 0;
  #parts = 0;
  #drawn = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(write: (text: string) => void, verb: string, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#verb = verb;
    this.#now = now;
    this.#begun = now();
    this.#timer = setInterval(() => this.draw(), frame);
  }

  /** Takes notice of an event. It is seen in the next picture. */
  event(event: CopyEvent): void {
    const running = this.#running.get(event.id);
    if (event.type === "start") {
      const { digest, mediaType, size } = event;
      const name = nameOf(mediaType, digest);
      this.#running.set(event.id, { name, size, bytes: 0, resumedAt: 0, begun: this.#now() });
    } else if (event.type === "resumed" && running) {
      running.bytes = running.resumedAt = event.bytes;
    } else if (event.type === "progress" && running) {
      running.bytes = event.bytes;
    } else if (event.type === "done") {
      this.#running.delete(event.id);
      this.#end(event, running);
    } else if (event.type === "skipped") {
      this.#done.push(`${nameOf(event.mediaType, event.digest)}  not to be distributed, left out`);
    }
  }

  /** Draws a picture over the last one. */
  draw(): void {
    const running = [...this.#running.values()].filter(({ bytes }) => bytes > 0);
    const lines = running.map((part) => this.#line(part));
    if (running.length > 0) lines.push(this.#total());
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}F\x1b[J` : "";
    const text = back + [...this.#done, ...lines].map((line) => `${line}\n`).join("");
    this.#done = [];
    this.#drawn = lines.length;
    if (text) this.#write(text);
  }

  /** Draws the last picture. Lines of parts that are not done go. */
  end(): void {
    clearInterval(this.#timer);
    this.#running.clear();
    if (this.#moved > 0) this.#done.push(this.#total());
    this.draw();
  }

  #end({ descriptor, how }: Extract<CopyEvent, { type: "done" }>, running: Running | undefined): void {
    const { mediaType, digest, size } = descriptor;
    this.#parts++;
    const { resumedAt = 0 } = running ?? {};
    if (how === "written") this.#moved += size - resumedAt;
    const what = how === "written" ? this.#verb : how === "mounted" ? "mounted" : "present";
    const resumed = resumedAt > 0 ? `, resumed at ${bytesText(resumedAt)}` : "";
    this.#done.push(`${nameOf(mediaType, digest)}  ${bytesText(size).padStart(9)}  ${what}${resumed}`);
  }

  #line({ name, size, bytes, resumedAt, begun }: Running): string {
    const speed = (bytes - resumedAt) / Math.max(this.#now() - begun, 1) * 1000;
    const left = size !== undefined && speed > 0 ? `  ${timeText((size - bytes) / speed)} left` : "";
    const of = size === undefined ? "" : ` of ${bytesText(size)}`;
    return `${name}  ${bytesText(bytes).padStart(9)}${of}  ${bytesText(speed)}/s${left}`;
  }

  #total(): string {
    const running = [...this.#running.values()];
    const moved = running.reduce((sum, { bytes, resumedAt }) => sum + bytes - resumedAt, this.#moved);
    const seconds = Math.max(this.#now() - this.#begun, 1) / 1000;
    const parts = `${this.#parts} ${this.#parts === 1 ? "part" : "parts"} done`;
    return `${parts}, ${bytesText(moved)} in ${timeText(seconds)}, ${bytesText(moved / seconds)}/s`;
  }
}

/** The first digits of a part's digest, as `docker pull` shows them, and what it is. */
function nameOf(mediaType: string, digest: string | undefined): string {
  const kind = isDocumentType(mediaType) ? "manifest" : "blob";
  return `${(digest?.split(":")[1] ?? "").slice(0, 12).padEnd(12)} ${kind.padEnd(8)}`;
}

function bytesText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  return `${(bytes / 1000 ** power).toFixed(1)} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
