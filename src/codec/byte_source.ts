import { type Bytes, concat } from "../bytes.ts";

/** Input that tells where it is, and takes back what was too much. */
export class ByteSource {
  /** How many bytes were taken and not given back. */
  offset = 0;
  readonly #input: AsyncIterator<Bytes>;
  #chunk: Bytes = new Uint8Array(0);
  #at = 0;

  constructor(input: AsyncIterable<Bytes>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** As much as is there, nothing only at the end. */
  async some(most: number): Promise<Bytes> {
    await this.peek(1);
    const bytes = this.#chunk.subarray(this.#at, this.#at + most);
    this.#at += bytes.byteLength;
    this.offset += bytes.byteLength;
    return bytes;
  }

  /** What comes before the next zero, and the zero, without more than `most` bytes. */
  async text(most: number): Promise<Bytes> {
    const parts: Bytes[] = [];
    for (let length = 0; length <= most;) {
      const part = await this.some(most);
      if (part.byteLength === 0) throw new Error(`unexpected end at byte ${this.offset}`);
      const zero = part.indexOf(0);
      parts.push(zero < 0 ? part : part.subarray(0, zero + 1));
      if (zero >= 0) {
        this.unread(part.byteLength - zero - 1);
        return concat(parts);
      }
      length += part.byteLength;
    }
    throw new Error(`a text of more than ${most} bytes before byte ${this.offset}`);
  }

  /** So many, exactly. */
  async take(length: number): Promise<Bytes> {
    const { byteLength } = await this.peek(length);
    if (byteLength < length) throw new Error(`unexpected end at byte ${this.offset + byteLength}`);
    return await this.some(length);
  }

  /** Shows so many, or what there is, without taking them. */
  async peek(length: number): Promise<Bytes> {
    while (this.#chunk.byteLength - this.#at < length) {
      const { done, value } = await this.#input.next();
      if (done) break;
      const rest = this.#chunk.subarray(this.#at);
      this.#chunk = rest.byteLength > 0 ? concat([rest, value]) : value;
      this.#at = 0;
    }
    return this.#chunk.subarray(this.#at, this.#at + length);
  }

  /** Gives back the end of what was taken last. */
  unread(length: number): void {
    this.#at -= length;
    this.offset -= length;
  }
}
