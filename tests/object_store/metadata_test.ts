import { directory } from "../../src/objects/directory.ts";
import { inDirectory } from "../support/directory.ts";
import { testMetadata } from "../store/suite/metadata.ts";
import { recordsOf } from "./support.ts";

testMetadata("records in a directory as a bucket", (work) =>
  inDirectory(async (path) => {
    const open = () => recordsOf(directory(path), "test", 4096);
    await using metadata = open();
    await work(metadata, open);
  }));
