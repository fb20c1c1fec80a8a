/** How long a piece of an upload should take, in milliseconds: what is lost when the process is killed. */
const wanted = 10_000;
const [least, most] = [8 << 20, 512 << 20];

/** How fast uploads are, and how large their pieces should be therefore. */
export class UploadSpeed {
  readonly #now: () => number;
  #pieceSize = 2 * least;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many bytes a piece should have. */
  get pieceSize(): number {
    return this.#pieceSize;
  }

  /** Sends so many bytes, and learns from how long that takes. */
  async measure(bytes: number, send: () => Promise<void>): Promise<void> {
    const begun = this.#now();
    await send();
    const size = Math.round(bytes / Math.max(this.#now() - begun, 1) * wanted);
    // A small last piece tells of the round trip and not of the link.
    if (bytes >= least || size > this.#pieceSize) this.#pieceSize = Math.min(Math.max(size, least), most);
  }
}
