import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, concat } from "../../src/bytes.ts";
import { ByteReader } from "../../src/codec/byte_reader.ts";

function reader(...chunks: (number[] | Error)[]): ByteReader {
  async function* input(): AsyncGenerator<Bytes, void, void> {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk;
      yield await Promise.resolve(Uint8Array.from(chunk));
    }
  }
  return new ByteReader(input());
}

const list = (bytes: Bytes | undefined) => bytes && [...bytes];

describe("ByteReader", () => {
  it("gives chunks as they come, without empty ones", async () => {
    const input = reader([], [1, 2], [], [3]);
    assert.deepEqual(list(await input.next()), [1, 2]);
    assert.deepEqual(list(await input.next()), [3]);
    assert.equal(await input.next(), undefined);
    assert.equal(input.offset, 3);
  });

  it("looks ahead over chunks without taking anything", async () => {
    const input = reader([1, 2], [3, 4]);
    assert.deepEqual(list(await input.peek(3)), [1, 2, 3]);
    assert.equal(input.offset, 0);
    assert.deepEqual(list(await input.peek(9)), [1, 2, 3, 4]);
    assert.deepEqual(list(await input.next()), [1, 2, 3, 4]);
  });

  it("takes exactly what is asked for, or fails", async () => {
    const input = reader([1, 2], [3, 4]);
    assert.deepEqual(list(await input.take(3)), [1, 2, 3]);
    await assert.rejects(input.take(2), { message: "unexpected end at byte 4" });
    assert.equal(input.offset, 3);
  });

  it("takes back the end of what was taken last, in front of what is left", async () => {
    const input = reader([1, 2, 3, 4, 5, 6]);
    const taken = await input.take(4);
    input.unread(taken.subarray(1));
    assert.equal(input.offset, 1);
    assert.deepEqual(list(await input.next()), [2, 3, 4, 5, 6]);
    const whole = reader([1, 2, 3]);
    whole.unread((await whole.next())!.subarray(2));
    assert.deepEqual(list(await whole.peek(9)), [3]);
  });

  it("remembers what its input failed with", async () => {
    const error = new Error("cut");
    const input = reader([1], error);
    await assert.rejects(input.take(2), error);
    assert.equal(input.failed?.error, error);
  });

  it("keeps nothing of a chunk that it has given away, which may be transferred", async () => {
    const input = reader([1, 2], [3]);
    const chunk = (await input.next())!;
    structuredClone(chunk, { transfer: [chunk.buffer] });
    const rest: Bytes[] = [];
    for await (const chunk of input) rest.push(chunk);
    assert.deepEqual(list(concat(rest)), [3]);
  });
});
