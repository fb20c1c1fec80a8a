import { annotations } from "../../spec/annotations.ts";
import type { ConfigFile } from "../../spec/config.ts";
import type { TarEntry, TarItem, TarOptions } from "../../tar/item.ts";
import type { TarTime } from "../../tar/pax.ts";
import type { Edit } from "../edit.ts";
import { rewriteLayers, type RewriteOptions } from "../rewrite_layers.ts";

/** What gets another time. */
export interface RetimeOptions extends RewriteOptions {
  /** Only what is later than the instant is set to it, as `SOURCE_DATE_EPOCH` asks. Default: false, all is set. */
  clamp?: boolean | undefined;
}

/**
 * Sets the times of an image to one instant: that of the config, of its history, of everything in the layers, and the
 * annotation that tells when the image was made, if there is one. A layer that has no other time stays byte for byte.
 *
 * @throws {GantryError} When the new image is asked for anything: `invalid-document` when the config does not name as many
 * layers as there are.
 *
 * @example
 * ```ts
 * import { emptyImage, retime } from "@gantry/oci/image";
 *
 * const image = emptyImage().edit(retime(new Date("2024-01-01T00:00:00Z")));
 * console.log((await image.config()).created); // 2024-01-01T00:00:00Z
 * ```
 */
export function retime(instant: Date, options: RetimeOptions = {}): Edit {
  const { clamp = false, ...how } = options;
  const applies = (time: string | undefined) => !clamp || (time !== undefined && Date.parse(time) > +instant);
  const seconds = Math.floor(instant.getTime() / 1000);
  const written = formatTime(seconds);
  const change = (entry: TarEntry) => retimed(entry, seconds, clamp);
  const rewriting = rewriteLayers(async (layer, { signal }) => {
    for await (const entry of layer.entries({ signal })) {
      if (change(entry) !== entry) return (entries) => changedItems(entries, change);
    }
    return undefined;
  }, how);
  return {
    ...rewriting,
    async config(config, context) {
      await rewriting.config(config, context);
      setTimes(config, written, applies);
    },
    manifest(manifest) {
      const created = manifest.annotations?.[annotations.created];
      if (created !== undefined && applies(created)) manifest.annotations![annotations.created] = written;
    },
  };
}

function setTimes(config: ConfigFile, time: string, applies: (time: string | undefined) => boolean): void {
  if (applies(config.created)) config.created = time;
  for (const entry of config.history ?? []) if (applies(entry.created)) entry.created = time;
}

async function* changedItems(
  entries: AsyncIterable<TarEntry>,
  change: (entry: TarEntry) => TarItem,
): AsyncGenerator<TarItem, void, void> {
  for await (const entry of entries) yield change(entry);
}

/** The entry itself where its times are right. Vendors' types are not known well enough to be written anew. */
function retimed(entry: TarEntry, seconds: number, clamp: boolean): TarItem {
  const { mtime, atime, ctime, type } = entry;
  if (type === "other") return entry;
  const late = (time: TarTime | undefined) =>
    time !== undefined && (time.seconds > seconds || (time.seconds === seconds && time.nanoseconds > 0));
  const isRight = clamp
    ? ![mtime, atime, ctime].some(late)
    : mtime.seconds === seconds && mtime.nanoseconds === 0 && !atime && !ctime;
  if (isRight) return entry;
  const { pax, ...options } = entry.options;
  const time = clamp && !late(mtime) ? {} : { mtime: seconds, nanoseconds: 0 };
  return { ...entry.with({}), options: { ...options, ...time, ...withoutTimes(pax, seconds) } };
}

/** When something was read or its inode changed means nothing in an image. */
function withoutTimes(pax: TarOptions["pax"], seconds: number): Pick<TarOptions, "pax"> {
  const left = new Map(pax);
  left.delete("atime");
  left.delete("ctime");
  if (left.has(creationTime)) left.set(creationTime, new TextEncoder().encode(String(seconds)));
  return left.size > 0 ? { pax: left } : {};
}

/** When a file was made, in layers of Windows. */
const creationTime = "LIBARCHIVE.creationtime";

function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
