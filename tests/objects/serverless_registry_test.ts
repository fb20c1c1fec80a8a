import { describe, it } from "node:test";
import { directory } from "../../src/objects/directory.ts";
import { inDirectory } from "../support/directory.ts";
import { checkServerless } from "./serverless_bucket.ts";

describe("a bucket of Cloudflare's serverless-registry", () => {
  it("is read where it is, and taken over once", () =>
    inDirectory((path) => checkServerless(directory(path))));
});
