import { type Bytes, sameBytes } from "../bytes.ts";
import { formatJson } from "../spec/json.ts";

/** Changes a parsed document in place and gives its bytes: those it had, `raw`, when nothing changed. */
export async function changeDocument<T>(
  raw: Bytes,
  document: T,
  change: (document: T) => void | Promise<void>,
): Promise<Bytes> {
  const before = formatJson(document);
  await change(document);
  const after = formatJson(document);
  return sameBytes(before, after) ? raw : after;
}
