/**
 * Tables of engines: what can hash, compress or decompress here, in the order in which it is tried.
 *
 * @module
 */

import { GantryError } from "./errors.ts";

/** What every engine has. */
export interface Engine {
  /** The name by which callers ask for it. */
  readonly name: string;
  /** What it does, in a table whose engines do one kind of work each. */
  readonly work?: string;
  /** Whether it is taken only by callers who ask for it by name. */
  readonly onlyByName?: boolean;
  /** Whether this runtime has it. */
  available(): boolean;
}

/**
 * An engine that is best under some conditions only. One that has `suits` is asked before the others, and is not
 * taken by default unless it says yes.
 */
export interface ConditionalEngine extends Engine {
  suits?(...conditions: never[]): boolean | Promise<boolean>;
}

/** Arguments of an engine's `suits`. */
type Conditions<Row extends ConditionalEngine> = Parameters<NonNullable<Row["suits"]>>;

/** What a table has to be told about its engines. */
export interface EngineTableOptions<Row extends Engine, Kind extends string> {
  /** Whether an engine does this kind of work. */
  does(engine: Row, kind: Kind): boolean;
  /** Why there may be no default engine, and how to get one. `others` lists those that are taken by name only. */
  howToGet(kind: Kind, others: string): string;
}

/** The engines of one sort, in the order in which they are tried. `Kind` is what callers want from them. */
export class EngineTable<Row extends ConditionalEngine, Kind extends string> {
  readonly #rows: Row[];
  readonly #options: EngineTableOptions<Row, Kind>;

  /** A table with the engines that need no registration: those that cost nothing to import. */
  constructor(rows: Iterable<Row>, options: EngineTableOptions<Row, Kind>) {
    this.#rows = [...rows];
    this.#options = options;
  }

  /**
   * Adds an engine after the others, or before the one with the name `before` that does the same work. An engine that
   * has the same name and does the same work is replaced, where it is.
   */
  add(engine: Row, before?: string): void {
    const at = this.#indexOf(engine.name, engine.work);
    if (at >= 0) this.#rows[at] = engine;
    else this.#insert(engine, before);
  }

  /** As `add`, but leaves alone what a caller has put under that name. */
  addDefault(engine: Row, before?: string): void {
    if (this.#indexOf(engine.name, engine.work) < 0) this.#insert(engine, before);
  }

  /** The engines that this runtime has. */
  available(): readonly Row[] {
    return this.#rows.filter((engine) => engine.available());
  }

  /** The engine of this name, or else the first that is taken by default. */
  find(kind: Kind, name?: string): Row | undefined {
    return this.#rows.find((engine) =>
      this.#options.does(engine, kind) && (name === undefined ? isDefault(engine) : engine.name === name) &&
      engine.available()
    );
  }

  /**
   * As `find`; `task` begins the error's message.
   *
   * @throws {GantryError} `no-engine` if there is none.
   */
  get(kind: Kind, name: string | undefined, task: string): Row {
    const found = this.find(kind, name);
    if (!found) throw this.noEngine(kind, name, task);
    return found;
  }

  /** The first engine whose `suits` says that it is the best under these conditions. */
  async suited(kind: Kind, ...conditions: Conditions<Row>): Promise<Row | undefined> {
    for (const engine of this.#of(kind)) {
      if (await engine.suits?.(...conditions)) return engine;
    }
    return undefined;
  }

  /** The error to throw where there is no engine. */
  noEngine(kind: Kind, name: string | undefined, task: string): GantryError {
    const others = this.#of(kind).map((engine) => `"${engine.name}"`).join(", ").replace(
      /, ([^,]*)$/,
      " or $1",
    );
    const reason = name === undefined
      ? this.#options.howToGet(kind, others)
      : `engine "${name}" is not here` + (others && `, only ${others}`);
    return new GantryError("no-engine", `${task}: ${reason}`);
  }

  #of(kind: Kind): readonly Row[] {
    return this.available().filter((engine) => this.#options.does(engine, kind));
  }

  #insert(engine: Row, before: string | undefined): void {
    const next = before === undefined ? -1 : this.#indexOf(before, engine.work);
    this.#rows.splice(next >= 0 ? next : this.#rows.length, 0, engine);
  }

  #indexOf(name: string, work: string | undefined): number {
    return this.#rows.findIndex((engine) => engine.name === name && engine.work === work);
  }
}

/** Whether an engine is taken by callers who name none. */
export function isDefault(engine: ConditionalEngine): boolean {
  return !engine.onlyByName && engine.suits === undefined;
}
