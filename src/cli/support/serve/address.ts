import { GantryError } from "../../../errors.ts";

/** Where to listen. With $PORT alone all addresses, as hosting services want it. */
export function addressOf(address: string | undefined, port = ""): { hostname: string; port: number } {
  const text = address ?? (port === "" ? "127.0.0.1:0" : `:${port}`);
  const [found, host = "", digits = ""] = /^(\[[0-9a-fA-F:]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? [];
  if (found === undefined || Number(digits) > 65535) {
    throw new GantryError("invalid-name", `serve on ${JSON.stringify(text)}: not HOST:PORT`);
  }
  return { hostname: host.replace(/^\[|\]$/g, "") || "0.0.0.0", port: Number(digits) };
}
