import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import {
  chainHandlers,
  childrenHandler,
  dispatch,
  filterPlatforms,
  type Handler,
  limitManifests,
  skipDescriptor,
  stopHandler,
  visit,
  visitNotEmpty,
  withReferrers,
} from "../../src/image/mod.ts";
import { everyPlatform, except, mediaTypes, parsePlatform, runsOn } from "../../src/spec/mod.ts";
import type { Descriptor } from "../../src/spec/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { putImage, putIndex } from "../layout/support.ts";

/** An index of three images, one of them for no platform, and what was seen of it. */
async function world() {
  const source = memory();
  const images: Descriptor[] = [];
  for (const platform of ["linux/arm64", "linux/amd64", undefined]) {
    const image = await putImage(source, `for ${platform}`);
    images.push({ ...image, ...(platform && { platform: parsePlatform(platform) }) });
  }
  const index = await putIndex(source, images);
  const seen: string[] = [];
  const names = new Map(images.map(({ digest }, i) => [digest, ["arm64", "amd64", "none"][i]!]));
  const look: Handler = ({ digest, mediaType }) => {
    const kind: Record<string, string> = {
      [mediaTypes.ociConfig]: "config",
      [mediaTypes.ociLayer]: "layer",
      [mediaTypes.ociIndex]: "index",
    };
    seen.push(names.get(digest) ?? kind[mediaType] ?? mediaType);
    return [];
  };
  return { source, images, index, seen, look, children: childrenHandler(source) };
}

describe("handlers", () => {
  it("are visited depth first and in order", async () => {
    const { index, seen, look, children } = await world();
    await visit(chainHandlers(look, children), [index]);
    assert.deepEqual(seen, "index arm64 config layer amd64 config layer none config layer".split(" "));
  });

  it("skip what is below, and stop the chain", async () => {
    const { images, index, seen, look, children } = await world();
    const skips: Handler = ({ digest }) => digest === images[0]!.digest ? skipDescriptor : [];
    await visit(chainHandlers(look, skips, children), [index]);
    assert.deepEqual(seen, "index arm64 amd64 config layer none config layer".split(" "));
    seen.length = 0;
    const stops: Handler = ({ digest }) => digest === images[0]!.digest ? stopHandler : [];
    await visit(chainHandlers(look, children, stops, look), [index]);
    // What came before the stopper counts, what comes behind it is not asked.
    assert.equal(seen.filter((one) => one === "arm64").length, 1);
    assert.equal(seen.filter((one) => one === "amd64").length, 2);
    assert.equal(seen.filter((one) => one === "config").length, 6);
  });

  it("leave platforms out, and keep what says none", async () => {
    const { index, seen, look, children } = await world();
    const amd64 = runsOn(parsePlatform("linux/amd64"));
    await visit(chainHandlers(look, filterPlatforms(children, amd64)), [index]);
    assert.deepEqual(seen, "index amd64 config layer none config layer".split(" "));
  });

  it("take the best of an index, and what says no platform last", async () => {
    const { index, seen, look, children } = await world();
    const amd64 = runsOn(parsePlatform("linux/amd64"));
    await visit(chainHandlers(look, limitManifests(children, amd64, 2)), [index]);
    assert.deepEqual(seen, "index amd64 config layer arm64 config layer".split(" "));
    const none: Handler = () => [];
    await rejects(visit(limitManifests(none, amd64, 1), [index]), "not-found");
  });

  it("say so when nothing is left", async () => {
    const { index, images, children } = await world();
    const two = await putIndex((await world()).source, images.slice(0, 2));
    await visitNotEmpty(children, [index]);
    const nothing = filterPlatforms(() => images.slice(0, 2), except(everyPlatform));
    await rejects(visitNotEmpty(nothing, [two]), "not-found");
  });

  it("find what refers to what is visited", async () => {
    const { source, images, seen, look, children } = await world();
    await putImage(source, "signature", { subject: images[1]!, artifactType: "application/x-signature" });
    await visit(chainHandlers(look, withReferrers(children, source)), [images[1]!]);
    assert.deepEqual(seen.slice(0, 4), ["amd64", "config", "layer", mediaTypes.ociManifest]);
  });

  it("run beside each other, so many at once, each after what names it", async () => {
    const { index, seen, look, children } = await world();
    let running = 0, most = 0;
    const slow: Handler = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return [];
    };
    await dispatch(chainHandlers(look, slow, children), [index], { concurrency: 2 });
    assert.equal(most, 2);
    assert.equal(seen[0], "index");
    assert.equal(seen.length, 10);
    await dispatch(chainHandlers(slow, children), [index]);
    assert.ok(most > 2);
  });

  it("that fail abort the others, with what they failed with", async () => {
    const { index, images, children } = await world();
    const reason = new Error("no more");
    let aborted = false;
    const handler: Handler = async ({ digest }, { signal }) => {
      if (digest === images[0]!.digest) throw reason;
      if (digest === images[1]!.digest) {
        await new Promise((resolve) => signal!.addEventListener("abort", resolve));
        aborted = true;
      }
      return [];
    };
    await assert.rejects(dispatch(chainHandlers(handler, children), [index]), reason);
    assert.ok(aborted);
    const abort = new AbortController();
    abort.abort(reason);
    await assert.rejects(dispatch(children, [index], { signal: abort.signal }), reason);
    await assert.rejects(visit(children, [index], { signal: abort.signal }), reason);
  });

  it("that go round in circles come to an end", async () => {
    const { index } = await world();
    await rejects(visit(() => [index], [index]), "too-large");
    await rejects(dispatch(() => [index], [index]), "too-large");
  });
});
