import { type Bytes, sameBytes } from "../bytes.ts";
import { formatJson, parseJson } from "../spec/json.ts";
import { placeNewKeys } from "./key_order.ts";

/** Changes a parsed document in place and gives its bytes: those it had, `raw`, when nothing changed. */
export async function changeDocument<T>(
  raw: Bytes,
  document: T,
  change: (document: T) => void | Promise<void>,
): Promise<Bytes> {
  const before = formatJson(document);
  await change(document);
  if (sameBytes(before, formatJson(document))) return raw;
  placeNewKeys(parseJson(before, "document"), document);
  return formatJson(document);
}
