import type { Content, Options, Part } from "../content/contracts.ts";
import type { Source } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { Index } from "../image/index.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";

/** Which children of indexes go along: those for which this is true. */
export type Keeps = (child: Part, options: Options) => boolean | Promise<boolean>;

/** The same image or index; but of an index, and those in it, only some children are there. Its bytes stay as they are. */
export function sparse(part: Part, keeps: Keeps): Part {
  return part instanceof Index ? new SparseIndex(part, keeps) : part;
}

class SparseIndex implements Part {
  readonly role = "manifest";
  readonly #index: Index;
  readonly #keeps: Keeps;

  constructor(index: Index, keeps: Keeps) {
    this.#index = index;
    this.#keeps = keeps;
  }

  get known(): Part["known"] {
    return this.#index.known;
  }

  origins(): ReturnType<NonNullable<Part["origins"]>> {
    return this.#index.origins();
  }

  async children(options: Options = {}): Promise<readonly Part[]> {
    const kept: Part[] = [];
    for (const child of await this.#index.children(options)) {
      if (child instanceof Index || await this.#keeps(child, options)) kept.push(sparse(child, this.#keeps));
    }
    return kept;
  }

  content(options?: Options): Promise<Content> {
    return this.#index.content(options);
  }
}

/** Keeps what a machine runs; what says no platform goes along, as with containerd. */
export function keepsPlatforms(matcher: PlatformMatcher): Keeps {
  return ({ known }) => known?.platform === undefined || matcher.matches(known.platform);
}

/** Keeps what a source has: an index in an archive may name more than is there. */
export function keepsPresent(source: Source): Keeps {
  return async ({ known, role }, { signal }) => {
    if (!known) return true;
    try {
      await source.resolve(known.digest, { role, signal });
      return true;
    } catch (error) {
      if (GantryError.is(error, "not-found")) return false;
      throw error;
    }
  };
}
