import process from "node:process";
import { GantryError } from "../../errors.ts";

const mostBytes = 1 << 20;

/** All of standard input, for what is short by nature; `what` names it in errors. */
export async function readStandardInput(what: string): Promise<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: false });
  let text = "";
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > mostBytes) {
      throw new GantryError("too-large", `read ${what}: more than ${mostBytes} bytes`);
    }
  }
  return text + decoder.decode();
}
