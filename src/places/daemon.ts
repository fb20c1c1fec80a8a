import { type Archive, archive, writeArchive } from "../archive/mod.ts";
import type { Bytes } from "../bytes.ts";
import type { Address, OpenOptions, Options, Resolved, ResolveOptions } from "../content/mod.ts";
import { Once } from "../content/once.ts";
import { type Daemon, daemon } from "../daemon/mod.ts";
import { Temporary } from "../disk/temporary.ts";
import { ifFound } from "../content/if_found.ts";
import { GantryError } from "../errors.ts";
import { Image, Index, selectImage } from "../image/mod.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { familiarName, parseReference } from "../spec/reference.ts";
import type { NamedPart, Place, PlaceSource, ReferenceScheme, SaveOptions } from "./scheme.ts";

/** Images of the Docker engine, or of podman's service: `daemon:NAME:TAG`, `daemon:ID`. */
export const daemonScheme: ReferenceScheme = {
  kind: "reference",
  prefixes: ["daemon:", "docker-daemon:"],
  noun: "the Docker engine",
  parse(rest, text) {
    if (rest === "") throw new GantryError("invalid-name", `open ${JSON.stringify(text)}: it names no image`);
    return { ...enginePlace(), name: isId(rest) ? rest : familiarName(parseReference(rest)) };
  },
  parseContainer(rest, text) {
    if (rest === "") return enginePlace();
    throw new GantryError(
      "invalid-name",
      `open ${JSON.stringify(text)}: a name where all of the Docker engine is meant`,
    );
  },
};

/** An image's ID, in full or as Docker shows it. */
function isId(name: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|[0-9a-f]{12}|[0-9a-f]{64})$/.test(name);
}

function enginePlace(): Place {
  return {
    scheme: daemonScheme,
    container: "daemon:",
    source: (clients) => new DaemonSource(daemon(clients.daemon)),
    save: (images, clients, options) => saveImages(images, daemon(clients.daemon), options),
  };
}

/** Images of an engine. Each that is asked for is saved into a temporary file, which goes away with the source. */
class DaemonSource implements PlaceSource {
  readonly #engine: Daemon;
  readonly #archives = new Map<string, Once<SavedImage>>();
  readonly #saved: SavedImage[] = [];

  constructor(engine: Daemon) {
    this.#engine = engine;
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    for (const { tar } of this.#saved) {
      const found = await ifFound(tar.resolve(name, options));
      if (found) return found;
    }
    const { tar } = await this.#save(name, options);
    return await tar.resolve(isId(name) ? "@0" : name, options);
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    for (const { tar } of this.#saved) {
      const found = await ifFound(tar.open(what, options));
      if (found) return found;
    }
    throw new GantryError(
      "not-found",
      `read ${what.digest} in the Docker engine: it gives images by their names`,
    );
  }

  async *names(options: Options = {}): AsyncGenerator<string, void, void> {
    for (const { names } of await this.#engine.images(options)) yield* names;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { tar, file } of this.#saved) {
      await tar.close();
      await file.close();
    }
  }

  #save(name: string, { signal }: Options): Promise<SavedImage> {
    let saving = this.#archives.get(name);
    if (!saving) {
      saving = new Once((signal) => this.#saveOnce(name, signal));
      this.#archives.set(name, saving);
    }
    return saving.get(signal);
  }

  async #saveOnce(name: string, signal: AbortSignal): Promise<SavedImage> {
    const bytes = await this.#engine.save([name], { signal });
    const file = await Temporary.create();
    try {
      await file.add(bytes, signal);
    } catch (error) {
      await file.close();
      throw error;
    }
    const saved = {
      file,
      tar: archive(file, { what: `${name} in the Docker engine at ${this.#engine.host}` }),
    };
    this.#saved.push(saved);
    return saved;
  }
}

/** An image that an engine has written. */
interface SavedImage {
  file: Temporary;
  tar: Archive;
}

/** Loads images into an engine. One that is there already only gets its name. */
async function saveImages(
  images: readonly NamedPart[],
  engine: Daemon,
  { signal, foreign, progress }: SaveOptions = {},
): Promise<Descriptor[]> {
  const descriptors: Descriptor[] = [];
  for (const { image: part, names = [] } of images) {
    const image = await imageFor(engine, part, { signal });
    const there = names.length > 0
      ? await engine.find(await image.configName({ signal }), { signal })
      : undefined;
    if (there !== undefined) { for (const name of names) await engine.tag(there, name, { signal }); }
    else {await engine.load(
        writeArchive([{ image, names }], { format: "docker", signal, foreign, progress }),
        { signal },
      );}
    descriptors.push(await image.descriptor({ signal }));
  }
  return descriptors;
}

/** The image that an engine can run. */
async function imageFor(engine: Daemon, part: NamedPart["image"], options: Options): Promise<Image> {
  if (part instanceof Index) return await selectImage(part, await engine.platform(options), options);
  if (part instanceof Image) return part;
  throw new GantryError("unsupported", "load into the Docker engine: a blob is no image");
}
