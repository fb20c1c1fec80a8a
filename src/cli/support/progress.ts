import type { CopyEvent } from "../../copy/mod.ts";
import { isDocumentType } from "../../spec/media_type.ts";

/** The line for a blob or manifest that is done; undefined for other events. */
export function progressLine(event: CopyEvent, verb: string): string | undefined {
  if (event.type === "skipped") return `skipped ${event.digest ?? event.mediaType}: not to be distributed`;
  if (event.type !== "done") return undefined;
  const { digest, mediaType } = event.descriptor;
  const what = isDocumentType(mediaType) ? "manifest" : "blob";
  return `${{ present: "existing", mounted: "mounted", written: verb }[event.how]} ${what}: ${digest}`;
}
